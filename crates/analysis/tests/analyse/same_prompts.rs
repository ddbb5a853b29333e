//! The blocks on same prompts and on clusters, over two simulated providers that
//! met partly different prompts, and over small samples.

use std::collections::BTreeMap;

use caveat_analysis::{
    NotEstimable, Quantity,
    cells::{PromptCell, Unit},
    clustering::clustering,
    proportion::Level,
    result::{Comparability, ComparabilityRule, PairOnPrompts, SamePrompts},
    same_prompts::{PromptSample, same_prompts},
    standardised::Weight,
};

use crate::support::{close, number};

struct Corpus {
    cells: Vec<PromptCell>,
    names: Vec<String>,
    labels: Vec<String>,
}

impl Corpus {
    fn new(cells: Vec<PromptCell>, names: &[&str]) -> Self {
        Corpus {
            cells,
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            labels: vec!["first".into(), "second".into()],
        }
    }

    /// `overlap_two_vendors.csv`: A is 0, B is 1.
    fn overlap() -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut prompts: BTreeMap<String, u32> = BTreeMap::new();
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/overlap_two_vendors.csv"
        );
        let mut cells = Vec::new();
        for row in csv::Reader::from_path(path).unwrap().records() {
            let row = row.unwrap();
            let next = u32::try_from(prompts.len()).unwrap();
            let category = labels.iter().position(|l| *l == row[2]);
            let category = category.unwrap_or_else(|| {
                labels.push(row[2].to_owned());
                labels.len() - 1
            });
            let provider = u32::from(&row[0] == "B");
            cells.push(PromptCell {
                model: provider,
                provider,
                prompt: *prompts.entry(row[1].to_owned()).or_insert(next),
                harm_category: Some(u32::try_from(category).unwrap()),
                technique: None,
                succeeded: row[4].parse().unwrap(),
                n: 1,
            });
        }
        Corpus {
            labels,
            ..Corpus::new(cells, &["A", "B"])
        }
    }

    fn sample(&self) -> PromptSample<'_> {
        PromptSample {
            cells: &self.cells,
            unit: Unit::Provider,
            names: &self.names,
            harm_categories: &self.labels,
            techniques: &[],
            category_mix: None,
        }
    }

    fn compared(&self) -> Quantity<SamePrompts> {
        let ranked: Vec<usize> = (0..self.names.len()).collect();
        same_prompts(
            &self.sample(),
            &ranked,
            &ComparabilityRule::default(),
            Level::P95,
        )
    }
}

fn cell(provider: u32, prompt: u32, succeeded: u32, n: u32) -> PromptCell {
    PromptCell {
        model: provider,
        provider,
        prompt,
        harm_category: None,
        technique: None,
        succeeded,
        n,
    }
}

fn single(corpus: &Corpus) -> PairOnPrompts {
    corpus.compared().known().unwrap().pairs[0].clone()
}

#[test]
fn what_looks_like_a_provider_is_the_mix_of_categories() {
    let corpus = Corpus::overlap();
    let found = corpus.compared();
    let block = found.known().unwrap();
    let pair = &block.pairs[0];
    assert_eq!((pair.lower.as_str(), pair.higher.as_str()), ("A", "B"));
    assert_eq!(pair.comparability, Comparability::OnCommonPrompts);
    assert_eq!((pair.common_prompts, block.common_to_all), (29, 29));
    close(pair.jaccard.0, 0.5, 1e-12);
    let crude = pair.crude_pp.known().unwrap();
    close(crude.value.0, 18.274_509_803_921_58, 1e-12);
    let common = pair.on_common_pp.known().unwrap();
    close(common.value.0, 8.045_977_011_494_251, 1e-12);
    assert_eq!(pair.told_apart_on_common.known(), Some(&false));
    let pooled = pair.by_category.known().unwrap();
    close(
        pooled.ratio.known().unwrap().value.0,
        1.069_921_503_038_107_7,
        1e-12,
    );
    close(number(&pooled.crude_ratio), 1.527_149_321_266_968_2, 1e-12);
    assert_eq!(pooled.strata, 3);
    assert!(
        pooled.by_stratum.is_empty(),
        "one ratio fits all categories"
    );
    let prompts = pair.by_prompt.known().unwrap();
    assert_eq!((prompts.strata, prompts.strata_dropped), (29, 29));
    assert_eq!(pair.paired.reason(), Some(NotEstimable::ReplicatedPrompts));
    assert_eq!(pair.by_technique.reason(), Some(NotEstimable::NoLabels));
    assert_eq!(block.moved_on_common.known(), Some(&0));
    // At one mix the two rates are nearly the same.
    let rates: Vec<f64> = block
        .sides
        .iter()
        .map(|s| s.by_category.known().unwrap().value.0)
        .collect();
    assert!((rates[1] - rates[0]).abs() < 0.05, "{rates:?}");
}

#[test]
fn rows_by_prompt_have_the_reference_standard_errors() {
    let corpus = Corpus::overlap();
    let found = clustering(&corpus.sample(), Level::P95);
    let rows = found.known().unwrap();
    close(number(&rows[1].se_cr1), 0.070_636_680_961_148_2, 1e-12);
    close(
        number(&rows[1].design_effect),
        1.662_745_098_039_216_7,
        1e-12,
    );
    let rate = rows[1].rate.known().unwrap();
    close(rate.lower.0, 0.38686117131036524, 1e-9);
    assert_eq!(
        rows[0].se_two_way.reason(),
        Some(NotEstimable::TooFewModels)
    );
    assert!(!rows[0].few_prompts);
}

#[test]
fn one_verdict_each_gives_the_paired_table() {
    // Golden case `mixed`: 12 both, 9 only the first, 21 only the second, 58 neither.
    let verdicts = [(1, 1, 12), (1, 0, 9), (0, 1, 21), (0, 0, 58)];
    let mut cells = Vec::new();
    for (first, second, times) in verdicts {
        for _ in 0..times {
            let prompt = u32::try_from(cells.len()).unwrap();
            cells.push(cell(0, prompt, first, 1));
            cells.push(cell(1, prompt, second, 1));
        }
    }
    let pair = single(&Corpus::new(cells, &["a", "b"]));
    assert_eq!(pair.comparability, Comparability::Comparable);
    assert_eq!(pair.mix_distance.0, 0.0);
    let table = pair.paired.known().unwrap();
    assert_eq!(
        [
            table.both,
            table.only_higher,
            table.only_lower,
            table.neither
        ],
        [12, 21, 9, 58]
    );
    close(table.difference_pp.value.0, 12.0, 1e-12);
    close(table.p_mid.0, 0.029_449_373_483_657_85, 1e-9);
    close(table.ratio.known().unwrap().value.0, 33.0 / 21.0, 1e-12);
    // The same prompts once each: all three differences are one.
    for pp in [&pair.crude_pp, &pair.on_common_pp] {
        close(pp.known().unwrap().value.0, 12.0, 1e-12);
    }
}

#[test]
fn an_order_that_prompts_made_is_reversed_on_common_prompts() {
    let mut cells = Vec::new();
    for prompt in 0..20 {
        // On common prompts a is easier to attack than b ...
        cells.push(cell(0, prompt, u32::from(prompt < 10), 1));
        cells.push(cell(1, prompt, u32::from(prompt < 8), 1));
        // ... but a also met twenty easy prompts' worth of refusals, b of successes.
        cells.push(cell(0, 100 + prompt, 0, 1));
        cells.push(cell(1, 200 + prompt, 1, 1));
    }
    let found = Corpus::new(cells, &["a", "b"]).compared();
    let block = found.known().unwrap();
    let pair = &block.pairs[0];
    assert_eq!(pair.lower, "a");
    assert_eq!(pair.reversed.known(), Some(&true));
    assert_eq!((block.reversed_pairs, block.ordered_pairs), (1, 1));
    assert_eq!(block.moved_on_common.known(), Some(&2));
    assert_eq!(block.sides[0].on_common_rank.known(), Some(&2));
    assert_eq!(block.verdicts.on_common_prompts, 1);
}

#[test]
fn categories_that_disagree_are_listed_one_by_one() {
    let mut cells = Vec::new();
    for prompt in 0..200 {
        let category = u32::from(prompt >= 100);
        let rate = |provider: u32| if provider == category { 60 } else { 20 };
        for provider in 0..2 {
            cells.push(PromptCell {
                harm_category: Some(category),
                ..cell(
                    provider,
                    prompt,
                    u32::from(prompt % 100 < rate(provider)),
                    1,
                )
            });
        }
        cells.push(cell(1, 1_000, 1, 1));
    }
    let pair = single(&Corpus::new(cells, &["a", "b"]));
    let pooled = pair.by_category.known().unwrap();
    assert!(number(&pooled.homogeneity_p) < 1e-6);
    let names: Vec<&str> = pooled
        .by_stratum
        .iter()
        .map(|s| s.stratum.as_str())
        .collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(pooled.unlabelled, 200);
}

#[test]
fn without_common_prompts_nothing_is_compared_on_them() {
    let cells = (0..30)
        .flat_map(|p| [cell(0, p, 1, 1), cell(1, 100 + p, 0, 1)])
        .collect();
    let pair = single(&Corpus::new(cells, &["a", "b"]));
    assert_eq!(pair.comparability, Comparability::NotComparable);
    assert_eq!(pair.mix_distance.0, 1.0);
    for reason in [pair.paired.reason(), pair.on_common_pp.reason()] {
        assert_eq!(reason, Some(NotEstimable::NoCommonPrompts));
    }
    assert_eq!(pair.by_prompt.reason(), Some(NotEstimable::NoCommonStrata));
    // All against none: no spread to estimate, and an interval all the same.
    let crude = pair.crude_pp.known().unwrap();
    assert_eq!((crude.value.0, crude.method), (100.0, "newcombe-by-prompt"));
    assert!(crude.lower.0 > 70.0 && crude.lower.0 < 95.0);
}

#[test]
fn degenerate_samples_give_reasons() {
    let reason =
        |cells: Vec<PromptCell>, names: &[&str]| Corpus::new(cells, names).compared().reason();
    let none = Some(NotEstimable::NoEligibleProviders);
    assert_eq!(reason(Vec::new(), &[]), none);
    assert_eq!(reason(vec![cell(0, 1, 0, 1)], &["a"]), none);
    assert_eq!(
        reason(vec![cell(0, 1, 0, 1), cell(1, 1, 0, 0)], &["a", "b"]),
        none
    );
    assert_eq!(
        reason(vec![cell(5, 1, 0, 1)], &["a"]),
        Some(NotEstimable::OutOfRange)
    );
    let one = single(&Corpus::new(
        vec![cell(0, 1, 0, 1), cell(1, 1, 1, 1)],
        &["a", "b"],
    ));
    assert_eq!(one.comparability, Comparability::NotComparable);
    assert_eq!(one.on_common_pp.reason(), Some(NotEstimable::OnePrompt));
    assert_eq!(one.crude_pp.reason(), Some(NotEstimable::OnePrompt));
    for all in [0, 1] {
        let cells = (0..30)
            .flat_map(|p| [cell(0, p, all, 1), cell(1, p, all, 1)])
            .collect();
        let corpus = Corpus::new(cells, &["a", "b"]);
        let pair = single(&corpus);
        assert_eq!(pair.comparability, Comparability::Comparable);
        let common = pair.on_common_pp.known().unwrap();
        assert!(common.lower.0 < 0.0 && common.upper.0 > 0.0);
        assert_eq!(pair.told_apart_on_common.known(), Some(&false));
        let rows = clustering(&corpus.sample(), Level::P95);
        let row = &rows.known().unwrap()[0];
        let rate = row.rate.known().unwrap();
        assert_eq!(rate.method, "wilson-by-prompt");
        assert!(rate.upper.0 - rate.lower.0 > 0.1);
        let json = serde_json::to_string(&corpus.compared()).unwrap();
        assert!(!json.contains("null") && !json.contains("NaN"));
    }
}

#[test]
fn a_stated_mix_is_used_and_one_without_traces_is_refused() {
    let corpus = Corpus::overlap();
    let with = |mix: &[Weight]| {
        let sample = PromptSample {
            category_mix: Some(mix),
            ..corpus.sample()
        };
        let found = same_prompts(&sample, &[0, 1], &ComparabilityRule::default(), Level::P95);
        found.known().unwrap().sides[0].by_category.clone()
    };
    let category = |key, weight| Weight { key, weight };
    let role = with(&[category(0, 1.0)]);
    let place = corpus.labels.iter().position(|l| l == "role").unwrap();
    assert_eq!(place, 0);
    close(role.known().unwrap().value.0, 7.0 / 40.0, 1e-12);
    assert_eq!(
        with(&[category(0, 1.0), category(9, 0.1)]).reason(),
        Some(NotEstimable::EmptyStratum)
    );
}

#[test]
fn threads_and_the_order_of_cells_change_nothing() {
    let mut corpus = Corpus::overlap();
    let run = |corpus: &Corpus, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap()
            .install(|| serde_json::to_string(&corpus.compared()).unwrap())
    };
    let first = run(&corpus, 1);
    assert_eq!(first, run(&corpus, 4));
    corpus.cells.reverse();
    assert_eq!(first, run(&corpus, 2));
}

#[test]
fn two_models_of_a_provider_have_an_error_by_both() {
    let mut cells = Vec::new();
    for prompt in 0..40 {
        for model in 0..4 {
            let succeeded = u32::from((prompt * 7 + model * 3) % 5 < 2 + model % 2);
            cells.push(PromptCell {
                model,
                ..cell(0, prompt, succeeded, 1)
            });
        }
    }
    let corpus = Corpus::new(cells, &["a"]);
    let found = clustering(&corpus.sample(), Level::P95);
    let row = &found.known().unwrap()[0];
    assert_eq!((row.prompts, row.n), (40, 160));
    assert!(number(&row.se_two_way) > 0.0);
    assert_eq!(row.icc.reason(), Some(NotEstimable::SeveralModels));
}

#[test]
fn a_million_cells_are_no_trouble() {
    let mut state = 164_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let small = |value: u64| u32::try_from(value).unwrap();
    let cells: Vec<PromptCell> = (0..1_000_000)
        .map(|_| {
            let (model, prompt) = (small(random(50)), small(random(20_000)));
            PromptCell {
                model,
                harm_category: Some(prompt % 2),
                ..cell(model % 8, prompt, u32::from(random(10) < 3), 1)
            }
        })
        .collect();
    let corpus = Corpus::new(cells, &["a", "b", "c", "d", "e", "f", "g", "h"]);
    let found = corpus.compared();
    let block = found.known().unwrap();
    assert_eq!(block.sides.iter().map(|s| s.n).sum::<u64>(), 1_000_000);
    assert_eq!(block.pairs.len(), 28);
    let rows = clustering(&corpus.sample(), Level::P95);
    assert_eq!(rows.known().unwrap().len(), 8);
}
