//! The block on single traces, on public results and on what breaks it.

use caveat_analysis::{
    NotEstimable,
    labels::{Chance, dense},
    result::TraceShares,
    trace_level::TraceCell,
    traces::{PromptIds, trace_shares},
};
use proptest::prelude::*;

use crate::support::{VIEWS, close, number, view};

const FEW: Chance = Chance {
    relabellings: 500,
    seed: 1,
};

fn block(cells: &[TraceCell], sizes: &[Option<f64>], prompts: PromptIds) -> TraceShares {
    let block = trace_shares(cells, sizes, prompts, FEW);
    let text = serde_json::to_string(&block).unwrap();
    assert!(!text.contains("NaN") && !text.contains(":null"), "{text}");
    block
}

#[test]
fn shares_of_single_answers_agree_with_the_reference() {
    for name in VIEWS {
        let (rows, expected) = view(name);
        let provider = dense(rows.iter().map(|r| r.provider.clone()));
        let cells: Vec<TraceCell> = rows
            .iter()
            .enumerate()
            .map(|(i, r)| TraceCell {
                provider: provider[i],
                model: i,
                prompt: 0,
                n: r.count.trials(),
                succeeded: r.count.successes(),
            })
            .collect();
        let sizes: Vec<Option<f64>> = rows.iter().map(|r| r.total_b.map(libm::log2)).collect();
        let b = block(&cells, &sizes, PromptIds::Unknown);
        let theirs = &expected["prompt_level"];
        let at = |name: &str| theirs[name].as_f64().unwrap();
        assert_eq!(b.n_traces, theirs["n_verdicts"].as_u64().unwrap());
        close(
            b.provider.known().unwrap().eta2.0,
            at("eta2_provider"),
            1e-9,
        );
        close(b.model.known().unwrap().eta2.0, at("eta2_model"), 1e-9);
        close(number(&b.size_r2), at("known_size_r2_log2_size"), 1e-9);
        assert_eq!(b.sequence.reason(), Some(NotEstimable::NoPromptIds));
        let known: Vec<TraceCell> = cells
            .iter()
            .filter(|c| sizes[c.model].is_some())
            .copied()
            .collect();
        let b = block(&known, &sizes, PromptIds::Unknown);
        close(
            b.provider.known().unwrap().eta2.0,
            at("known_size_eta2_provider"),
            1e-9,
        );
    }
}

#[test]
fn an_outlying_model_makes_traces_agree_on_what_models_do_not() {
    let (rows, _) = view("speechmap/eu_criticism");
    let provider = dense(rows.iter().map(|r| r.provider.clone()));
    let cells: Vec<TraceCell> = rows
        .iter()
        .enumerate()
        .filter(|(_, r)| r.total_b.is_some())
        .map(|(i, r)| TraceCell {
            provider: provider[i],
            model: i,
            prompt: 0,
            n: r.count.trials(),
            succeeded: r.count.successes(),
        })
        .collect();
    let b = block(&cells, &[], PromptIds::Unknown);
    assert!(b.provider.known().unwrap().p_independent.0 < 1e-30);
    assert!(number(&b.provider_p_permutation) > 0.1);
    assert_eq!(b.size_r2.reason(), Some(NotEstimable::NoSizes));
}

#[test]
fn no_traces_and_one_trace_give_reasons() {
    let b = block(&[], &[], PromptIds::Known);
    assert_eq!(b.n_traces, 0);
    assert_eq!(b.provider.reason(), Some(NotEstimable::NoTraces));
    assert_eq!(b.sequence.reason(), Some(NotEstimable::NoTraces));
    let one = TraceCell {
        provider: 0,
        model: 0,
        prompt: 0,
        n: 1,
        succeeded: 1,
    };
    assert_eq!(
        block(&[one], &[], PromptIds::Known).model.reason(),
        Some(NotEstimable::NoTraces)
    );
    let many = TraceCell { n: 9, ..one };
    let b = block(&[many], &[Some(3.0)], PromptIds::Known);
    assert_eq!(b.provider.reason(), Some(NotEstimable::OneGroup));
    assert_eq!(
        b.provider_p_permutation.reason(),
        Some(NotEstimable::OneGroup)
    );
    assert_eq!(b.size_r2.reason(), Some(NotEstimable::SingularFit));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_cells_give_numbers_or_reasons_and_shares_add_up(
        rows in proptest::collection::vec((0_usize..6, 0_usize..5, 0_u64..4, 0_u64..4), 0..30),
    ) {
        let cells: Vec<TraceCell> = rows
            .iter()
            .map(|(model, prompt, n, x)| TraceCell {
                provider: model / 2,
                model: *model,
                prompt: *prompt,
                n: *n,
                succeeded: *x.min(n),
            })
            .collect();
        let sizes = [Some(0.0), None, Some(2.0), Some(2.0), Some(3.0)];
        let b = block(&cells, &sizes, PromptIds::Known);
        if let Some(s) = b.sequence.known() {
            let parts = [s.provider, s.model_in_provider, s.prompt, s.residual];
            prop_assert!(parts.iter().all(|p| p.0 > -1e-10), "{:?}", s);
        }
    }
}
