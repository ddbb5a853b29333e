//! Who graded what, and how two graders agree.
//!
//! Uneven use: the grader whose share of the evaluable traces differs most
//! between ranked providers, with a chi-squared test over all graders. Agreement:
//! on the traces that both graders found evaluable; how often they disagree about
//! evaluability itself is in the pair's table and not judged here. Nothing says
//! which grader is right.

use std::collections::BTreeMap;

use crate::{
    agreement,
    homogeneity::homogeneity,
    layout::Layout,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{Agreement, GraderUse, PairAgreement, ShareGap},
    sample::GraderPair,
    sums::count_u64,
};

/// The block of the output.
pub(crate) fn graders(layout: &Layout<'_>, ranked: &[usize], pairs: &[GraderPair]) -> Agreement {
    let all = uses(layout, 0..layout.providers.len());
    let n = all.values().copied().fold(0, u64::saturating_add);
    Agreement {
        graders: all
            .iter()
            .filter(|(_, used)| **used > 0)
            .map(|(grader, used)| GraderUse {
                grader: (*grader).to_owned(),
                n: *used,
                share: Number(count_u64(*used) / count_u64(n)),
            })
            .collect(),
        largest_share_gap: share_gap(layout, ranked).into(),
        pairs: pairs.iter().map(pair).collect(),
    }
}

/// Traces by grader over the providers given.
fn uses<'a>(layout: &Layout<'a>, places: impl Iterator<Item = usize>) -> BTreeMap<&'a str, u64> {
    let mut uses: BTreeMap<&str, u64> = BTreeMap::new();
    for place in places {
        for model in &layout.providers[place].models {
            for (grader, n) in &layout.models[*model].graders {
                let used = uses.entry(grader.as_str()).or_default();
                *used = used.saturating_add(*n);
            }
        }
    }
    uses
}

/// The grader spread most unevenly; of equal gaps the first by name.
fn share_gap(layout: &Layout<'_>, ranked: &[usize]) -> Estimable<ShareGap> {
    let by_provider: Vec<(&str, BTreeMap<&str, u64>)> = ranked
        .iter()
        .map(|place| {
            (
                layout.providers[*place].name,
                uses(layout, std::iter::once(*place)),
            )
        })
        .filter(|(_, used)| used.values().any(|n| *n > 0))
        .collect();
    let graders: Vec<&str> = uses(layout, ranked.iter().copied()).into_keys().collect();
    if graders.is_empty() {
        return Err(NotEstimable::NotGiven);
    }
    if by_provider.len() < 2 {
        return Err(NotEstimable::NoEligibleProviders);
    }
    let mut widest: Option<ShareGap> = None;
    for grader in &graders {
        let Some(gap) = gap(&by_provider, grader) else {
            continue;
        };
        let width = |g: &ShareGap| g.highest.0 - g.lowest.0;
        if widest.as_ref().is_none_or(|w| width(&gap) > width(w)) {
            widest = Some(gap);
        }
    }
    let table: Vec<Vec<u64>> = by_provider
        .iter()
        .map(|(_, used)| {
            graders
                .iter()
                .map(|g| used.get(g).copied().unwrap_or(0))
                .collect()
        })
        .collect();
    let widest = widest.ok_or(NotEstimable::NotGiven)?;
    Ok(ShareGap {
        p: homogeneity(&table).into(),
        ..widest
    })
}

/// Lowest and highest share of one grader; of equal shares the lowest is the
/// first name and the highest the last.
fn gap(by_provider: &[(&str, BTreeMap<&str, u64>)], grader: &str) -> Option<ShareGap> {
    let mut shares: Vec<(f64, &str)> = by_provider
        .iter()
        .map(|(name, used)| {
            let all = used.values().copied().fold(0, u64::saturating_add);
            (
                count_u64(used.get(grader).copied().unwrap_or(0)) / count_u64(all),
                *name,
            )
        })
        .collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    let (lowest, highest) = (shares.first()?, shares.last()?);
    Some(ShareGap {
        grader: grader.to_owned(),
        lowest_provider: lowest.1.to_owned(),
        lowest: Number(lowest.0),
        highest_provider: highest.1.to_owned(),
        highest: Number(highest.0),
        p: Quantity::Absent(NotEstimable::NotGiven),
    })
}

/// Succeeded and resisted only: the upper left corner of the pair's table.
fn pair(pair: &GraderPair) -> PairAgreement {
    let [[a, b, _], [c, d, _], _] = pair.table;
    let found = agreement::agreement(&[vec![a, b], vec![c, d]]);
    let n = a.saturating_add(b).saturating_add(c).saturating_add(d);
    let rate = |first: u64, second: u64| -> Quantity {
        found
            .as_ref()
            .map(|_| count_u64(first.saturating_add(second)) / count_u64(n))
            .map_err(|reason| *reason)
            .into()
    };
    PairAgreement {
        first: pair.first.clone(),
        second: pair.second.clone(),
        n,
        agreement: found
            .as_ref()
            .map(|f| f.share)
            .map_err(|reason| *reason)
            .into(),
        kappa: found
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|f| f.kappa)
            .into(),
        rate_first: rate(a, b),
        rate_second: rate(a, c),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{Sample, SampleModel};

    fn model(provider: &str, graders: &[(&str, u64)]) -> SampleModel {
        SampleModel {
            model: "m".into(),
            provider: provider.into(),
            params_total_b: None,
            params_active_b: None,
            size_b: None,
            params_disclosed: None,
            params_source: String::new(),
            n: 100,
            succeeded: 10,
            not_evaluable: 0,
            prompts: None,
            graders: graders.iter().map(|(g, n)| ((*g).to_owned(), *n)).collect(),
            parts: Vec::new(),
        }
    }

    fn block(models: Vec<SampleModel>, pairs: &[GraderPair]) -> Agreement {
        let sample = Sample {
            models,
            ..Sample::default()
        };
        let layout = Layout::new(&sample);
        graders(&layout, &layout.ranked(1), pairs)
    }

    #[test]
    fn the_most_uneven_grader_is_named_with_both_ends() {
        let a = block(
            vec![
                model("ash", &[("g", 30), ("h", 20)]),
                model("birch", &[("g", 20), ("h", 30)]),
            ],
            &[],
        );
        assert_eq!(a.graders.len(), 2);
        let gap = a.largest_share_gap.known().unwrap();
        assert_eq!(
            (gap.grader.as_str(), gap.lowest_provider.as_str()),
            ("g", "birch")
        );
        assert_eq!((gap.lowest.0, gap.highest.0), (0.4, 0.6));
        assert!((gap.p.number().unwrap() - 0.0455).abs() < 1e-4);
    }

    #[test]
    fn one_grader_has_no_gap_to_test_and_none_gives_a_reason() {
        let one = block(
            vec![model("ash", &[("g", 30)]), model("birch", &[("g", 20)])],
            &[],
        );
        let gap = one.largest_share_gap.known().unwrap();
        assert_eq!(gap.p.reason(), Some(NotEstimable::OneCategory));
        let none = block(vec![model("ash", &[]), model("birch", &[])], &[]);
        assert_eq!(
            none.largest_share_gap.reason(),
            Some(NotEstimable::NotGiven)
        );
        let single = block(vec![model("ash", &[("g", 30)])], &[]);
        assert_eq!(
            single.largest_share_gap.reason(),
            Some(NotEstimable::NoEligibleProviders)
        );
    }

    #[test]
    fn agreement_leaves_out_what_either_could_not_grade() {
        let pair = GraderPair {
            first: "g".into(),
            second: "h".into(),
            table: [[90, 4, 7], [5, 1, 7], [7, 7, 7]],
        };
        let a = block(Vec::new(), &[pair]);
        assert_eq!(a.pairs[0].n, 100);
        assert_eq!(a.pairs[0].agreement.number(), Some(0.91));
        assert_eq!(a.pairs[0].rate_first.number(), Some(0.94));
        assert_eq!(a.pairs[0].rate_second.number(), Some(0.95));
        let nothing = GraderPair {
            first: "g".into(),
            second: "h".into(),
            table: [[0; 3]; 3],
        };
        let b = block(Vec::new(), &[nothing]);
        assert_eq!(b.pairs[0].kappa.reason(), Some(NotEstimable::NoTraces));
    }
}
