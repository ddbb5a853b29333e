//! One-way decomposition (03), headline from printed figures (04), exact
//! permutation laws (05).

use caveat_analysis::{
    headline::{self, Figures},
    oneway::{self, OneWay, PopulationShare},
    permutation,
    proportion::Level,
    reason::{Estimable, NotEstimable},
    special,
};

use crate::support::{Case, Golden, SEARCHED, f, floats, groups, size};

/// Compares every field of a decomposition below `prefix`.
pub(crate) fn compare(case: &mut Case, prefix: &str, d: &OneWay) {
    let at = |name: &str| format!("{prefix}{name}");
    for (name, ours) in [
        ("n", d.n),
        ("k", d.k),
        ("df_between", d.df_between),
        ("df_within", d.df_within),
        ("singleton_groups", d.singleton_groups),
    ] {
        case.number(&at(name), ours);
    }
    for (name, ours) in [
        ("grand_mean", Ok(d.grand_mean)),
        ("ss_between", Ok(d.ss_between)),
        ("ss_within", Ok(d.ss_within)),
        ("ss_total", Ok(d.ss_total)),
        ("n0", d.n0),
        ("eta2_null_mean", Ok(d.eta2_null_mean)),
        ("epsilon2", d.epsilon2),
        ("omega2", d.omega2),
        ("F", d.f),
        ("p", d.p),
        ("icc1", d.icc1),
    ] {
        case.number(&at(name), ours);
    }
    let status = case.text(&at("status"));
    compare_status(case, &at("eta2"), &status, d);
    if status == "ok" {
        compare_laws(case, prefix, d);
    }
}

fn compare_status(case: &mut Case, path: &str, status: &str, d: &OneWay) {
    let raw = d.ss_between / d.ss_total;
    match status {
        "ok" => case.number(path, d.eta2),
        "no_within_variance" => {
            assert!(d.no_within_variance);
            case.number(path, d.eta2);
        }
        "no_variance" => {
            assert_eq!(d.f, Err(NotEstimable::NoVariance));
            case.number(path, d.eta2);
        }
        // The file gives the arithmetic share; ours is suppressed with its reason.
        "no_within_df" => {
            assert_eq!(d.eta2, Err(NotEstimable::NoWithinDf));
            case.number(path, raw);
        }
        "one_group" => {
            assert_eq!(d.eta2, Err(NotEstimable::OneGroup));
            case.number(path, raw);
        }
        other => panic!("unknown status {other}"),
    }
}

fn compare_laws(case: &mut Case, prefix: &str, d: &OneWay) {
    let at = |name: &str| format!("{prefix}{name}");
    case.number(&at("ms_between"), d.ms_between);
    case.number(&at("ms_within"), d.ms_within);
    case.number(&at("var_between_anova"), d.variance_between);
    case.number(&at("var_within_anova"), d.ms_within);
    case.number(&at("eta2_null_sd"), d.eta2_null_sd);
    case.number(&at("eta2_null_q95"), d.eta2_null_p95);
    let (a, b) = oneway::null_law(d.n, d.k).unwrap();
    case.number(
        &at("eta2_null_p_check"),
        special::beta_sf(a, b, d.eta2.unwrap()),
    );
    compare_share(
        case,
        &at("ci90_ncF"),
        d.df_within,
        d.population_eta2(Level::P90),
    );
    compare_share(
        case,
        &at("ci95_ncF"),
        d.df_within,
        d.population_eta2(Level::P95),
    );
}

fn compare_share(case: &mut Case, path: &str, df: usize, share: Estimable<PopulationShare>) {
    let share = share.unwrap();
    let other = |ncp: f64| ncp / (ncp + df as f64);
    for (name, ours) in [
        ("ncp_lower", share.ncp_lower),
        ("ncp_upper", share.ncp_upper),
        ("eta2_pop_lower", share.eta2.lower),
        ("eta2_pop_upper", share.eta2.upper),
        ("effectsize_style_lower", other(share.ncp_lower)),
        ("effectsize_style_upper", other(share.ncp_upper)),
    ] {
        case.within(SEARCHED, &format!("{path}.{name}"), ours);
    }
}

#[test]
fn one_way_decomposition() {
    Golden::parse(include_str!("03_oneway_decomposition.json")).each(|input, case| {
        let (values, group) = groups(input);
        compare(case, "", &oneway::one_way(&values, &group).unwrap());
    });
}

#[test]
fn headline_from_printed_figures() {
    Golden::parse(include_str!("04_headline_from_summary.json")).each(|input, case| {
        let figures = Figures {
            eta2: f(input, "eta2"),
            r2: Some(f(input, "r2_scale")),
            n: size(input, "n_models"),
            k: size(input, "k_providers"),
        };
        let h = headline::implied(&figures).unwrap();
        let s = h.scale.unwrap();
        for (name, ours) in [
            ("F", h.f),
            ("p", h.p),
            ("epsilon2", h.epsilon2),
            ("omega2", h.omega2),
            ("eta2_null_mean", h.eta2_null_mean),
            ("eta2_null_q95", h.eta2_null_p95),
            ("eta2_needed_for_p05", h.eta2_null_p95),
            ("eta2_over_null", h.eta2_over_null),
            ("r2_null_mean", s.r2_null_mean),
            ("F_scale", s.f),
            ("p_scale", s.p),
            ("p_scale_normal", s.p_normal),
            ("adj_r2_scale", s.adjusted_r2),
            ("raw_ratio", s.eta2_over_r2),
            ("ratio_of_null_means", s.ratio_of_null_means),
            ("per_df_ratio", s.per_df_ratio),
            ("ratio_of_F", s.ratio_of_f),
        ] {
            case.number(name, ours);
        }
        for (path, level) in [("ci90_ncF", Level::P90), ("ci95_ncF", Level::P95)] {
            compare_share(
                case,
                path,
                h.df_within,
                headline::population_eta2(&figures, level),
            );
        }
    });
}

#[test]
fn exact_permutation_laws() {
    Golden::parse(include_str!("05_permutation_exact.json")).each(|input, case| {
        if input.get("groups").is_none() {
            let x: Vec<f64> = floats(input, "params_b")
                .iter()
                .map(|b| libm::log2(*b))
                .collect();
            let e = permutation::exact_pearson(&x, &floats(input, "asr")).unwrap();
            case.number("r", e.observed);
            case.number("permutations", e.arrangements);
            case.number("count_abs_ge", e.at_least);
            case.number("p_exact_two_sided", e.p);
            return;
        }
        let (values, group) = groups(input);
        let e = permutation::exact_eta2(&values, &group).unwrap();
        let null_mean = oneway::one_way(&values, &group).unwrap().eta2_null_mean;
        case.number("eta2", e.observed);
        case.number("arrangements", e.arrangements);
        case.number("count_ge", e.at_least);
        case.number("p_exact", e.p);
        case.number("mean_eta2_under_permutation", e.mean);
        case.number("null_mean_formula", null_mean);
    });
}
