//! One proportion (01), two proportions (02), their ratio (20), ranks (11).

use caveat_analysis::{
    difference,
    proportion::{self, Count, Level},
    ranks::{self, Correction},
    risk_ratio,
};
use serde_json::Value;

use crate::support::{Case, Golden, SEARCHED, f, floats, level, n};

fn arms(input: &Value) -> (Count, Count) {
    let arm = |x, trials| Count::new(n(input, x), n(input, trials)).unwrap();
    (arm("x1", "n1"), arm("x2", "n2"))
}

#[test]
fn intervals_of_one_proportion() {
    Golden::parse(include_str!("01_proportion_ci.json")).each(|input, case| {
        let c = Count::new(n(input, "successes"), n(input, "n")).unwrap();
        let level = level(input);
        case.number("estimate", c.share());
        case.interval("wilson", Ok(proportion::wilson(c, level)));
        case.interval("wilson_cc", Ok(proportion::wilson_corrected(c, level)));
        case.interval("clopper_pearson", proportion::clopper_pearson(c, level));
        case.interval(
            "agresti_coull_clipped",
            Ok(proportion::agresti_coull(c, level)),
        );
        case.interval("jeffreys_bcd_endpoints", proportion::jeffreys(c, level));
        case.interval("wald_clipped", Ok(proportion::wald(c, level)));
        case.number("se_wald", proportion::wald_standard_error(c));
    });
}

#[test]
fn difference_of_two_proportions() {
    Golden::parse(include_str!("02_two_proportions.json")).each(|input, case| {
        let (a, b) = arms(input);
        let level = level(input);
        case.number("diff", a.share() - b.share());
        case.interval("newcombe", Ok(difference::newcombe(a, b, level)));
        case.interval("agresti_caffo", Ok(difference::agresti_caffo(a, b, level)));
        let z = difference::pooled_z(a, b);
        case.number("pooled_z", z.map(|t| t.z));
        case.number("pooled_p", z.map(|t| t.p));
        case.number("cohen_h", difference::cohen_h(a.share(), b.share()));
        // Methods that this crate does not offer.
        case.skip("miettinen_nurminen");
        case.skip("fisher_exact_p");
    });
}

#[test]
fn ratio_of_two_proportions() {
    Golden::parse(include_str!("20_risk_ratio.json")).each(|input, case| {
        let (a, b) = arms(input);
        let level = level(input);
        case.number("p1", a.share());
        case.number("p2", b.share());
        case.number("rr", risk_ratio::ratio(a, b));
        let katz = risk_ratio::katz(a, b, level);
        if case.has("katz_log_se") {
            case.number("katz_log_se", katz.map(|k| k.log_se));
        }
        case.interval("katz_ci95", katz.map(|k| k.interval));
        let haldane = risk_ratio::haldane(a, b, level);
        case.number("haldane_half_rr", haldane.value);
        case.number("haldane_half_log_se", haldane.log_se);
        case.interval("haldane_half_ci95", Ok(haldane.interval));
        let walter = risk_ratio::walter(a, b, level);
        case.number("walter_rr", walter.value);
        case.interval("walter_ci95", Ok(walter.interval));
        let koopman = risk_ratio::koopman(a, b, level);
        case.within(SEARCHED, "koopman_lower", koopman.map(|i| i.lower));
        case.within(SEARCHED, "koopman_upper", koopman.map(|i| i.upper));
        let (log, se) = risk_ratio::log_odds_ratio(a, b);
        case.number("log_or_half_if_zero", log);
        case.number("log_or_half_if_zero_se", se);
    });
}

#[test]
fn rank_sets_and_expected_ranks() {
    Golden::parse(include_str!("11_rank_intervals.json")).each(|input, case| {
        let (estimates, errors) = (floats(input, "estimate"), floats(input, "se"));
        let level = Level::new(1.0 - f(input, "alpha")).unwrap();
        let compare = |case: &mut Case, name: &str, correction| {
            let sets = ranks::rank_sets(&estimates, &errors, level, correction).unwrap();
            case.list(
                &format!("{name}.lower"),
                &sets.iter().map(|s| s.lower).collect::<Vec<_>>(),
            );
            case.list(
                &format!("{name}.upper"),
                &sets.iter().map(|s| s.upper).collect::<Vec<_>>(),
            );
        };
        compare(case, "unadjusted", Correction::None);
        compare(case, "bonferroni_row", Correction::Marginal);
        compare(case, "bonferroni_joint", Correction::Joint);
        case.list(
            "expected_rank_normal",
            &ranks::expected_ranks(&estimates, &errors).unwrap(),
        );
        case.list("rank_min", &ranks::best_ranks(&estimates));
        case.list(
            "rank_average",
            &caveat_analysis::correlation::average_ranks(&estimates),
        );
        case.number(
            "gs_overlap_halfwidth_multiplier_avg",
            ranks::overlap_multiplier(&errors, level),
        );
    });
}
