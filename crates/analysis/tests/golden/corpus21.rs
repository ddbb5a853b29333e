//! The 21 models of the synthetic corpus, from counts to every figure (17).

use std::collections::BTreeMap;

use caveat_analysis::{
    ancova::ancova,
    oneway::one_way,
    proportion::{Count, Level, wilson},
    regression::{inverse_variance_weight, line},
    residuals::provider_residuals,
};

use crate::{
    decomposition,
    regression::{compare_fit, compare_influence},
    support::{Case, Golden},
    together,
};

struct Model {
    provider: usize,
    log2_params: f64,
    n: u64,
    strict: u64,
    broad: u64,
}

struct Corpus {
    providers: Vec<String>,
    models: Vec<Model>,
}

impl Corpus {
    fn read(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        let mut providers: Vec<String> = rows.iter().map(|r| r["provider"].clone()).collect();
        providers.sort();
        providers.dedup();
        let models = rows
            .iter()
            .map(|row| {
                let count = |name: &str| row[name].parse::<u64>().unwrap();
                Model {
                    provider: providers.binary_search(&row["provider"]).unwrap(),
                    log2_params: libm::log2(row["params_total_b"].parse().unwrap()),
                    n: count("n"),
                    strict: count("compliance"),
                    broad: count("compliance") + count("partial"),
                }
            })
            .collect();
        Corpus { providers, models }
    }

    fn column<T>(&self, pick: impl Fn(&Model) -> T) -> Vec<T> {
        self.models.iter().map(pick).collect()
    }
}

fn share(successes: u64, n: u64) -> f64 {
    Count::new(successes, n).unwrap().share()
}

fn providers(case: &mut Case, corpus: &Corpus, residuals: &[f64]) {
    let group = corpus.column(|m| m.provider);
    let traces = corpus.column(|m| m.n);
    for r in provider_residuals(residuals, &traces, &group).unwrap() {
        let members: Vec<&Model> = corpus
            .models
            .iter()
            .filter(|m| m.provider == r.group)
            .collect();
        let mean: f64 =
            members.iter().map(|m| share(m.strict, m.n)).sum::<f64>() / members.len() as f64;
        let pooled = Count::new(members.iter().map(|m| m.strict).sum(), r.traces).unwrap();
        let at = |field: &str| format!("providers.{}.{field}", corpus.providers[r.group]);
        case.number(&at("n_models"), r.n_models);
        case.number(&at("n"), r.traces);
        case.number(&at("residual_weighted"), r.weighted);
        case.number(&at("residual_unweighted"), r.unweighted);
        case.number(&at("mean_asr"), mean);
        case.number(&at("pooled_asr"), pooled.share());
        case.interval(&at("wilson95_pooled"), Ok(wilson(pooled, Level::P95)));
    }
}

fn two_plus(case: &mut Case, values: &[f64], group: &[usize]) {
    let several = |g: &usize| group.iter().filter(|h| *h == g).count() > 1;
    let (v, g): (Vec<f64>, Vec<usize>) =
        values.iter().zip(group).filter(|(_, g)| several(g)).unzip();
    decomposition::compare(
        case,
        "providers_with_2plus_only.",
        &one_way(&v, &g).unwrap(),
    );
}

fn extremes(case: &mut Case, corpus: &Corpus) {
    let means = (0..corpus.providers.len()).filter_map(|g| {
        let members: Vec<&Model> = corpus.models.iter().filter(|m| m.provider == g).collect();
        let enough = members.iter().map(|m| m.n).sum::<u64>() >= 50;
        let total: f64 = members.iter().map(|m| share(m.strict, m.n)).sum();
        enough.then(|| total / members.len() as f64)
    });
    let (low, high) = means.fold((f64::INFINITY, 0.0_f64), |(l, h), m| (l.min(m), h.max(m)));
    case.number("highest_over_lowest_mean_asr_n50", high / low);
}

#[test]
fn the_corpus_of_21_models() {
    let corpus = Corpus::read(include_str!("corpus21.csv"));
    let x = corpus.column(|m| m.log2_params);
    let strict = corpus.column(|m| share(m.strict, m.n));
    let broad = corpus.column(|m| share(m.broad, m.n));
    let group = corpus.column(|m| m.provider);
    let weights = corpus.column(|m| inverse_variance_weight(m.strict, m.n));
    Golden::parse(include_str!("17_corpus21.json")).each(|_, case| {
        let decomposed = one_way(&strict, &group).unwrap();
        let fit = line(&x, &strict, None).unwrap();
        decomposition::compare(case, "oneway.", &decomposed);
        compare_fit(case, "ols.", &fit);
        compare_influence(case, "ols.", &fit, &strict, 5.0);
        case.number("ratio", decomposed.eta2.unwrap() / fit.r2.unwrap());
        case.number("ols.p_slope_normal", fit.p_normal);
        two_plus(case, &strict, &group);
        decomposition::compare(case, "broad_oneway.", &one_way(&broad, &group).unwrap());
        for (prefix, fit) in [
            ("broad_slope.", line(&x, &broad, None).unwrap()),
            ("wls_agresti.", line(&x, &strict, Some(&weights)).unwrap()),
        ] {
            if case.has(&format!("{prefix}intercept")) {
                case.number(&format!("{prefix}intercept"), fit.intercept);
            }
            case.number(&format!("{prefix}slope"), fit.slope);
            case.number(&format!("{prefix}se_slope"), fit.se_slope);
            case.number(&format!("{prefix}p_slope"), fit.p);
            case.number(&format!("{prefix}r2"), fit.r2);
        }
        providers(case, &corpus, &fit.residuals);
        extremes(case, &corpus);
        let both = ancova(&strict, &x, &group).unwrap();
        together::compare(case, "ancova_shapley.", &both);
        // The permutation laws are random and belong to the tests of the
        // relabelling.
        case.skip_all("permutation.");
    });
}
