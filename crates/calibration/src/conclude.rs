//! What a reader should conclude, each sentence with a rule and its opposite.

use crate::{words::percent, worlds::Section};

/// False alarms up to here are what a test at 5 % promises.
const PROMISED: f64 = 0.06;
/// Beyond these a method misleads whoever relies on it.
const MISLEADS: f64 = 0.10;

/// The figures by world and question.
struct Figures<'a>(&'a [Section]);

impl Figures<'_> {
    fn at(&self, world: &str, question: &str) -> Option<f64> {
        let outcome = self
            .0
            .iter()
            .flat_map(|s| &s.outcomes)
            .find(|o| o.world.id == world)?;
        let (_, measured) = outcome.rows().find(|(q, _)| q.id == question)?;
        Some(measured.mean)
    }
}

/// The sentences that the figures allow; none for sections that were not made.
pub(crate) fn sentences(sections: &[Section]) -> Vec<String> {
    let f = Figures(sections);
    [
        ratio(&f),
        outlier(&f),
        little(&f),
        prompts(&f),
        graders(&f),
        labels(&f),
        ranks(&f),
        slope(&f),
        power(&f),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn ratio(f: &Figures<'_>) -> Option<String> {
    let nothing = f.at("test-164", "ratio")?;
    let half = f.at("test-share-50", "ratio")?;
    let end = if half - nothing > MISLEADS {
        "it points to a provider effect, weakly."
    } else {
        "it tells nothing about providers."
    };
    Some(format!(
        "**A ratio of 57.5 between the shares of provider and size** comes up in {} of worlds without a provider effect and in {} of those in which half of the variance is between providers: {end}",
        percent(nothing),
        percent(half)
    ))
}

fn outlier(f: &Figures<'_>) -> Option<String> {
    let test = f.at("test-outlier", "f")?;
    let relabelled = f.at("test-outlier", "permutation")?;
    let freedman = f.at("test-outlier", "freedman-lane")?;
    let end = match (test > PROMISED, relabelled > PROMISED) {
        (true, false) => "believe the permutation.",
        (false, false) => "both can be believed.",
        _ => "neither can be believed.",
    };
    Some(format!(
        "**One outlying model** makes the F test find a provider effect that is not there in {} of worlds, the permutation test in {}, Freedman and Lane's in {}: {end}",
        percent(test),
        percent(relabelled),
        percent(freedman)
    ))
}

fn little(f: &Figures<'_>) -> Option<String> {
    let relabelled = f.at("test-few-traces", "permutation")?;
    let report = f.at("test-164", "permutation")?;
    let hierarchical = f.at("levels-few-traces", "test")?;
    let end = if relabelled > PROMISED && hierarchical <= PROMISED {
        "where models differ little and traces are few, ask the hierarchical model, which knows the traces behind each rate."
    } else {
        "few traces do not mislead these tests."
    };
    Some(format!(
        "**Providers that were tested little**, all models being alike, look different: the permutation test gives a false alarm in {}, with the traces and the spread of Report #164 in {}, the test of the hierarchical model in {}; {end}",
        percent(relabelled),
        percent(report),
        percent(hierarchical)
    ))
}

fn prompts(f: &Figures<'_>) -> Option<String> {
    let crude = f.at("prompts-confounded", "crude")?;
    let common = f.at("prompts-confounded", "common")?;
    let tests = f.at("test-prompts", "permutation")?;
    let end = if common <= PROMISED && crude > MISLEADS {
        "only common prompts compare models."
    } else {
        "crude rates compare models as well."
    };
    Some(format!(
        "**Prompt sets that differ** are taken for models that differ: in {} of worlds by crude rates, in {} on common prompts; a test of providers that met prompts of their own gives a false alarm in {}: {end}",
        percent(crude),
        percent(common),
        percent(tests)
    ))
}

fn graders(f: &Figures<'_>) -> Option<String> {
    let naive = f.at("graders-05", "naive")?;
    let corrected = f.at("graders-05", "corrected")?;
    let end = if naive < 0.95 - MISLEADS && corrected >= 0.94 {
        "the lower the rate, the more a correction is needed."
    } else {
        "a correction changes little."
    };
    Some(format!(
        "**A grader that is right nine times in ten** leaves the interval of a rate of 5 % right in {} of worlds, corrected in {}: {end}",
        percent(naive),
        percent(corrected)
    ))
}

fn labels(f: &Figures<'_>) -> Option<String> {
    let label = f.at("bands-164", "any")?;
    let marked = f.at("bands-164", "marked")?;
    let models = f.at("bands-164", "models")?;
    let end = if marked > PROMISED && models <= PROMISED {
        "a mark off the size line speaks of the responses of the models tested and never of the provider; the interval that counts models does."
    } else if marked > PROMISED {
        "neither speaks of the provider."
    } else {
        "a mark can be read as a statement on the provider."
    };
    Some(format!(
        "**Labels off the size line** where providers do not differ: in {} of worlds some provider is outside the published band, in {} some is marked by the interval of its responses, in {} by the interval that counts models: {end}",
        percent(label),
        percent(marked),
        percent(models)
    ))
}

fn ranks(f: &Figures<'_>) -> Option<String> {
    let points = f.at("ranks-spread", "points")?;
    let printed = f.at("ranks-spread", "printed")?;
    let end = if points < 0.5 && printed >= 0.94 {
        "a rank without its range is no result."
    } else {
        "ranks as printed are good enough."
    };
    Some(format!(
        "**Ranks** of eight providers 5 points apart with 100 traces each are all right in {} of worlds as printed; their ranges hold the true ones in {}: {end}",
        percent(points),
        percent(printed)
    ))
}

fn slope(f: &Figures<'_>) -> Option<String> {
    let plain = f.at("slope-providers", "t")?;
    let within = f.at("slope-providers", "within")?;
    let end = if plain < 0.94 && within >= 0.94 {
        "where providers differ, read the slope within providers."
    } else {
        "providers do not disturb the slope."
    };
    Some(format!(
        "**The change per doubling** where half of the variance is between providers: the plain interval holds the truth in {}, that within providers in {}: {end}",
        percent(plain),
        percent(within)
    ))
}

fn power(f: &Figures<'_>) -> Option<String> {
    let fifth = f.at("test-share-20", "permutation")?;
    let half = f.at("test-share-50", "permutation")?;
    let end = if half < 0.8 {
        "no finding is no evidence of no effect."
    } else {
        "no finding speaks against a large effect."
    };
    Some(format!(
        "**21 models of 12 providers are few**: a true share of 0.2 is found in {} of worlds, one of 0.5 in {}: {end}",
        percent(fifth),
        percent(half)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Length, study_of};

    #[test]
    fn sections_that_were_not_made_give_no_sentence() {
        assert!(sentences(&[]).is_empty());
    }

    #[test]
    fn another_result_gives_the_opposite_sentence() {
        let mut sections = study_of(Length::Short, "graders");
        let said = sentences(&sections);
        assert!(said.len() == 1 && said[0].contains("the more a correction is needed"));
        for measured in sections
            .iter_mut()
            .flat_map(|s| &mut s.outcomes)
            .flat_map(|o| &mut o.measured)
        {
            measured.mean = 0.95;
        }
        assert!(sentences(&sections)[0].contains("a correction changes little"));
    }
}
