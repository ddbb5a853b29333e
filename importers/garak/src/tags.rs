//! The tags of a probe as one stable word for its harm category.
//!
//! garak tags probes with OWASP's risks by number alone. The titles in the tag
//! list that it ships are those of the Top 10 for LLM Applications 1.1 of 2023,
//! in every version up to 0.17, and the numbers of 2025 mean other risks: the
//! edition is therefore written beside the number.

/// Edition of OWASP's list that garak's tags follow.
const OWASP_EDITION: &str = "2023";

/// Taxonomies that name a harm, in the order in which the first present one is taken.
const OTHER_TAXONOMIES: [&str; 3] = ["risk-cards:", "avid-effect:", "quality:"];

/// The harm category of a probe's attempt: OWASP's risks with their edition;
/// without them garak's intent; without one the first other taxonomy, as spelled.
pub(crate) fn harm_category(tags: &[String], intent: Option<&str>) -> Option<String> {
    let with = |prefix: &str| {
        let mut found: Vec<&str> = tags
            .iter()
            .map(String::as_str)
            .filter(|tag| tag.starts_with(prefix))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let risks: Vec<String> = with("owasp:").into_iter().map(owasp_risk).collect();
    if !risks.is_empty() {
        return Some(format!("OWASP {}", risks.join(", ")));
    }
    if let Some(intent) = intent.filter(|intent| !intent.is_empty()) {
        return Some(intent.to_owned());
    }
    OTHER_TAXONOMIES.iter().find_map(|prefix| {
        let found = with(prefix);
        (!found.is_empty()).then(|| found.join(", "))
    })
}

/// `owasp:llm01` as `LLM01:2023`; a tag of another form as it is spelled.
fn owasp_risk(tag: &str) -> String {
    let risk = tag.strip_prefix("owasp:").unwrap_or(tag);
    let number = risk.strip_prefix("llm").unwrap_or_default();
    if number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("LLM{number}:{OWASP_EDITION}")
    } else {
        risk.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owasp_numbers_carry_their_edition_and_come_before_other_taxonomies() {
        let category = |tags: &[&str], intent| {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            harm_category(&tags, intent)
        };
        let tags = [
            "owasp:llm06",
            "quality:Security",
            "owasp:llm01",
            "owasp:llm01",
        ];
        let expected = Some("OWASP LLM01:2023, LLM06:2023".to_owned());
        assert_eq!(category(&tags, Some("S005hate")), expected);
        assert_eq!(
            category(&["owasp:llm01:2025"], None),
            Some("OWASP llm01:2025".into())
        );
        let tags = ["quality:x", "avid-effect:security:S0403", "payload:generic"];
        assert_eq!(
            category(&tags, Some("T009ignore")),
            Some("T009ignore".into())
        );
        assert_eq!(
            category(&tags, None),
            Some("avid-effect:security:S0403".into())
        );
        assert_eq!(category(&["payload:generic"], None), None);
    }
}
