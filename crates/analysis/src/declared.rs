//! The families of tests of an analysis, declared with what adjustment leaves.
//!
//! Intervals of a family hold at once by Bonferroni; here stand the p-values that
//! go with them, adjusted by Holm for the same family. Pairs of vendors: pooled z
//! test of the crude rates. Pairs on common prompts: the test of the mean
//! difference over prompts. Vendor and size in one model: both tests together.
//! Retests and regrades: with prompts and grader held fixed.

use crate::{
    difference::pooled_z,
    layout::Layout,
    multiplicity::{Adjustment, Test, family},
    proportion::Level,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::{Comparison, Family, OverTime, SamePrompts, Together},
};

/// What the families are made of.
pub(crate) struct Declared<'a> {
    pub(crate) layout: &'a Layout<'a>,
    pub(crate) comparisons: &'a [Comparison],
    pub(crate) same_prompts: &'a Quantity<SamePrompts>,
    pub(crate) together: &'a Quantity<Together>,
    pub(crate) over_time: &'a Quantity<OverTime>,
    pub(crate) level: Level,
}

/// Every family that has a test.
pub(crate) fn families(of: &Declared<'_>) -> Vec<Family> {
    let lists = [
        ("pairs of providers", of.pairs()),
        ("pairs of providers on common prompts", of.on_common()),
        ("provider and size in one model", of.both()),
        ("retests of a model", of.retests()),
        ("regrades of a model", of.regrades()),
    ];
    lists
        .into_iter()
        .filter(|(_, tests)| !tests.is_empty())
        .map(|(name, tests)| family(name, &tests, Adjustment::Holm, of.level.alpha()))
        .collect()
}

fn p_of(p: &Quantity) -> Estimable<f64> {
    p.as_result().map(|number| number.0)
}

fn against(first: &str, second: &str) -> String {
    format!("{first} against {second}")
}

impl Declared<'_> {
    fn pairs(&self) -> Vec<Test> {
        let count = |name: &str| {
            let found = self.layout.providers.iter().find(|p| p.name == name);
            found.ok_or(NotEstimable::NotGiven)?.count()
        };
        self.comparisons
            .iter()
            .map(|c| {
                let (low, high) = (&c.lower_provider, &c.higher_provider);
                Test {
                    label: against(low, high),
                    p: count(low).and_then(|a| Ok(pooled_z(a, count(high)?)?.p)),
                }
            })
            .collect()
    }

    fn on_common(&self) -> Vec<Test> {
        let pairs = self.same_prompts.known().map_or(&[][..], |s| &s.pairs);
        pairs
            .iter()
            .map(|pair| Test {
                label: against(&pair.lower, &pair.higher),
                p: p_of(&pair.on_common_p),
            })
            .collect()
    }

    fn both(&self) -> Vec<Test> {
        let Some(both) = self.together.known() else {
            return Vec::new();
        };
        let size = both.size_test.as_result().map(|test| test.p.0);
        vec![
            Test {
                label: "provider, relabelled".to_owned(),
                p: p_of(&both.provider_p_relabelled),
            },
            Test {
                label: "size".to_owned(),
                p: size,
            },
        ]
    }

    fn retests(&self) -> Vec<Test> {
        let all = self.over_time.known().map_or(&[][..], |o| &o.retests);
        all.iter()
            .map(|retest| Test {
                label: format!("{}: {} to {}", retest.model, retest.earlier, retest.later),
                p: retest.drift.as_result().and_then(|drift| p_of(&drift.p)),
            })
            .collect()
    }

    fn regrades(&self) -> Vec<Test> {
        let all = self.over_time.known().map_or(&[][..], |o| &o.regrades);
        all.iter()
            .map(|regrade| Test {
                label: format!(
                    "{} in {}: {}",
                    regrade.model,
                    regrade.period,
                    against(&regrade.first, &regrade.second)
                ),
                p: p_of(&regrade.p),
            })
            .collect()
    }
}
