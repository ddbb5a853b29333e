//! Rates put right for a grader that errs (12).

use caveat_analysis::{
    NotEstimable,
    misclassified::{Accuracy, Share, corrected},
    proportion::{Count, Level},
};
use serde_json::Value;

use crate::support::{Golden, f, n};

fn share(input: &Value, name: &str, sample: &str) -> Share {
    match input[sample].as_u64() {
        Some(m) => Share::of_sample(f(input, name), m).unwrap(),
        None => Share::known(f(input, name)).unwrap(),
    }
}

#[test]
fn rates_put_right() {
    Golden::parse(include_str!("12_rogan_gladen.json")).each(|input, case| {
        let count = Count::new(n(input, "positives"), n(input, "n")).unwrap();
        let accuracy = Accuracy {
            sensitivity: share(input, "sensitivity", "m_sens"),
            specificity: share(input, "specificity", "m_spec"),
        };
        let ours = corrected(count, &accuracy, Level::P95);
        case.number("apparent", count.share());
        case.number("youden", accuracy.youden());
        case.number("raw", ours.map(|c| c.raw));
        case.number("clipped", ours.map(|c| c.rate));
        let status = match ours {
            Err(reason) => {
                assert_eq!(reason, NotEstimable::UninformativeGrader);
                "grader_uninformative"
            }
            Ok(c) if c.clipped => "clipped",
            Ok(_) => "ok",
        };
        assert_eq!(case.text("status"), status);
        let Ok(c) = ours else { return };
        case.number("se_delta", c.se);
        case.interval("wald_ci95_clipped", Ok(c.wald));
        case.interval("wilson_mapped_clipped", Ok(c.mapped_wilson));
        if case.has("lang_reiczigel_ci95") {
            case.interval("lang_reiczigel_ci95", Ok(c.lang_reiczigel));
            case.number("lang_reiczigel_centre", c.lang_reiczigel_centre);
        }
    });
}
