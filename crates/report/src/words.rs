//! Words that several sections share: sentences, the ladder of certainty, and
//! the names of measure, grader and level.
//!
//! The ladder is the only way in which a document speaks of certainty: *is
//! lower* or *is higher* where an interval excludes zero, *any difference is
//! smaller than* where it lies inside a margin declared beforehand, *cannot be
//! told apart* or *not established* where it does not exclude zero.
//!
//! Nothing here looks at a vendor's name to decide what is said.

use caveat_analysis::reason::NotEstimable;
use caveat_analysis::result::Estimate;
use caveat_corpus::SuccessDefinition;

use crate::composition::Facts;
use crate::document::{Cell, Column, ColumnKind, Prose, Row, Sentence};
use crate::format;

/// A sentence with the ids of its evidence, each once, in the order given.
pub fn say<I>(text: impl Into<String>, ids: I) -> Sentence
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    let mut evidence: Vec<String> = Vec::new();
    for id in ids {
        let id = id.into();
        if !evidence.contains(&id) {
            evidence.push(id);
        }
    }
    Sentence {
        text: text.into(),
        strong: false,
        evidence,
        language: None,
    }
}

/// The same, set in bold.
pub fn strong<I>(text: impl Into<String>, ids: I) -> Sentence
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    Sentence {
        strong: true,
        ..say(text, ids)
    }
}

/// A sentence without a figure.
pub fn plain(text: impl Into<String>) -> Sentence {
    say(text, [""; 0])
}

/// A cell of words.
pub fn cell(text: impl Into<String>) -> Cell {
    Cell::Text {
        text: text.into(),
        strong: false,
    }
}

/// A cell of bold words.
pub fn bold_cell(text: impl Into<String>) -> Cell {
    Cell::Text {
        text: text.into(),
        strong: true,
    }
}

/// A row of words.
pub fn row<S: Into<String>>(cells: impl IntoIterator<Item = S>) -> Row {
    Row {
        cells: cells.into_iter().map(cell).collect(),
        strong: false,
    }
}

/// A column of words.
pub fn text_column(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Text,
        width_mm,
    }
}

/// A column of figures.
pub fn number_column(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Number,
        width_mm,
    }
}

/// What an interval allows to be said of a difference or a slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ladder {
    /// The whole interval is below zero.
    Lower,
    /// The whole interval is above zero.
    Higher,
    /// The whole interval lies inside the margin declared beforehand.
    Smaller,
    /// The interval includes zero and reaches beyond the margin.
    NotEstablished,
}

/// Places an interval on the ladder. The margin, in the estimate's unit, must
/// have been declared before the data were seen; without one nothing is ever
/// called small.
pub fn ladder(estimate: &Estimate, margin: Option<f64>) -> Ladder {
    let (lower, upper) = (estimate.lower.0, estimate.upper.0);
    if upper < 0.0 {
        Ladder::Lower
    } else if lower > 0.0 {
        Ladder::Higher
    } else if margin.is_some_and(|margin| lower > -margin && upper < margin) {
        Ladder::Smaller
    } else {
        Ladder::NotEstablished
    }
}

/// Whether a trend with size is established: the interval of the slope excludes
/// zero by Student's t, and on the same side with HC3 standard errors (MacKinnon
/// and White 1985), which allow for unequal spread and for single models that
/// pull the line. Where HC3 is not estimable, t alone decides.
pub fn trend(scale: &caveat_analysis::result::Scale) -> Result<Ladder, NotEstimable> {
    let slope = scale.slope_per_doubling.as_result()?;
    let way = ladder(slope, None);
    Ok(match scale.slope_hc3.known() {
        Some(robust) if ladder(robust, None) != way => Ladder::NotEstablished,
        _ => way,
    })
}

/// Where a p-value lies against the line at 0.05.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Below 0.03.
    Beyond,
    /// From 0.03 to 0.08: either reading is weak.
    Close,
    /// Above 0.08.
    Short,
}

/// Lowest p-value that is called close to the line.
pub const CLOSE_FROM: f64 = 0.03;

/// Highest p-value that is called close to the line.
pub const CLOSE_TO: f64 = 0.08;

/// Places a p-value against the line.
pub fn line(p: f64) -> Line {
    if p < CLOSE_FROM {
        Line::Beyond
    } else if p <= CLOSE_TO {
        Line::Close
    } else {
        Line::Short
    }
}

/// What the report calls a success ("strict", "broad", "functionally dangerous").
pub fn success_word(success: SuccessDefinition) -> &'static str {
    match success {
        SuccessDefinition::Strict => "strict",
        SuccessDefinition::Broad => "broad",
        SuccessDefinition::FunctionallyDangerous => "functionally dangerous",
    }
}

/// The verdicts that count as success.
pub fn success_verdicts(success: SuccessDefinition) -> &'static str {
    match success {
        SuccessDefinition::Strict => "compliance",
        SuccessDefinition::Broad => "compliance and partial compliance",
        SuccessDefinition::FunctionallyDangerous => {
            "compliance, partial compliance and refusals that carry the harmful content"
        }
    }
}

/// The measure as figures name it ("Strict attack success rate").
pub fn measure(facts: &Facts<'_>) -> String {
    let definition = facts.definition();
    let word = success_word(definition.verdicts.success);
    format!("{} {} rate", format::capital(word), definition.measure)
}

/// The rate as sentences name it ("attack success rate").
pub fn rate(facts: &Facts<'_>) -> String {
    format!("{} rate", facts.definition().measure)
}

/// How a success is named in the present ("attacks succeed").
pub fn event<'a>(facts: &Facts<'a>) -> &'a str {
    facts.definition().words.event.trim()
}

/// How a success is named in the past ("attacks succeeded").
pub fn event_past<'a>(facts: &Facts<'a>) -> &'a str {
    facts.definition().words.event_past.trim()
}

/// The graders that have a name. A result that counts without a verdict, as a
/// reply that a filter blocked, has none.
pub fn named_graders<'a>(facts: &Facts<'a>) -> Vec<&'a caveat_analysis::result::GraderUse> {
    let graders = facts.analysis().agreement.graders.iter();
    let named = |name: &str| !name.trim().is_empty() && name != crate::select::NO_GRADER;
    graders.filter(|used| named(&used.grader)).collect()
}

/// Who graded, for the foot and for subtitles.
pub fn grader_phrase(facts: &Facts<'_>) -> String {
    match named_graders(facts).as_slice() {
        [] => "grader not recorded".to_owned(),
        [one] => format!("graded by {}", facts.grader(&one.grader)),
        [one, two] => {
            format!(
                "graded by {} and {}",
                facts.grader(&one.grader),
                facts.grader(&two.grader)
            )
        }
        many => format!("graded by {} graders", format::word(many.len())),
    }
}

/// Most graders that the first page names one by one.
const NAMED_GRADERS: usize = 3;

/// Who graded, when, and how well, for the first page; without its full stop.
///
/// How well follows from the data alone: the agreement of graders in use on
/// results that both judged, or that no result was judged twice.
pub fn who_graded(facts: &Facts<'_>) -> String {
    let graders = named_graders(facts);
    let who = match graders.len() {
        0 | 1 => format::capital(&grader_phrase(facts)),
        n if n > NAMED_GRADERS => format::capital(&grader_phrase(facts)),
        _ => {
            let shares: Vec<String> = graders
                .iter()
                .map(|used| {
                    format!(
                        "{} ({})",
                        facts.grader(&used.grader),
                        format::percent_of_part(used.share.0)
                    )
                })
                .collect();
            format!("Graded by {}", format::list(&shares))
        }
    };
    let day = crate::caveats::data::written_day;
    let when = match &facts.input.selection.account.observed {
        Some((first, last)) if first == last => {
            format!("; results of {}, day of grading not recorded", day(first))
        }
        Some((first, last)) => {
            let (from, to) = (day(first), day(last));
            // One year is said once.
            let year = to.rsplit(' ').next().unwrap_or_default();
            let from = from.strip_suffix(year).map_or(from.as_str(), str::trim_end);
            format!("; results of {from} to {to}, days of grading not recorded")
        }
        None => "; dates not recorded".to_owned(),
    };
    format!("{who}{when}. {}", how_well_graded(facts))
}

fn how_well_graded(facts: &Facts<'_>) -> String {
    let agreement = &facts.analysis().agreement;
    let in_use = |name: &str| agreement.graders.iter().any(|used| used.grader == name);
    let both = agreement
        .pairs
        .iter()
        .filter(|pair| in_use(&pair.first) && in_use(&pair.second))
        .max_by_key(|pair| pair.n);
    match both.map(|pair| (pair.n, pair.kappa.number())) {
        Some((n, Some(kappa))) if n > 0 => format!(
            "On {} results judged twice, agreement beyond chance (kappa, 1 at most) is {}",
            format::thousands(n),
            format::decimals(kappa, 2)
        ),
        _ => match facts.definition().grader_check.as_deref().map(str::trim) {
            Some(known) if !known.is_empty() => known.trim_end_matches('.').to_owned(),
            _ => "How often the verdicts are wrong was not checked here".to_owned(),
        },
    }
}

/// The level of the intervals ("95%").
pub fn level(facts: &Facts<'_>) -> String {
    format::level(facts.definition().analysis.level)
}

/// The level of the interval of a share of variance ("90%").
pub fn variance_level(facts: &Facts<'_>) -> String {
    format::level(facts.definition().analysis.variance_level)
}

/// Why there is no figure, for readers.
pub fn why_not(reason: NotEstimable) -> &'static str {
    match reason {
        NotEstimable::NoTraces => "there is no evaluable result",
        NotEstimable::NoVariance => "all models have the same rate",
        NotEstimable::NoWithinDf => "every vendor has a single model",
        NotEstimable::NoWithinVariance => "models of one vendor all have the same rate",
        NotEstimable::OneGroup => "all models are of one vendor",
        NotEstimable::ZeroCells => "a rate that would be divided by is zero",
        NotEstimable::TooFewModels => "there are too few models",
        NotEstimable::SingularFit => "the models do not differ in size",
        NotEstimable::ExactFit => "the line passes through every point",
        NotEstimable::FullLeverage => "one model decides the line by itself",
        NotEstimable::UninformativeGrader => "the verdicts do not depend on what was graded",
        NotEstimable::NotConverged => "the computation did not settle",
        NotEstimable::NoPromptIds => "the corpus does not identify the prompts",
        NotEstimable::NoSizes => "no model has a known size",
        NotEstimable::NoEligibleProviders => "too few vendors reach the ranking minimum",
        NotEstimable::OneCategory => "both graders gave one and the same verdict throughout",
        NotEstimable::TooManyArrangements => "there are too many arrangements to enumerate",
        NotEstimable::NotGiven => "a figure that it is computed from is missing",
        NotEstimable::SingleTrace => "a model has a single result",
        NotEstimable::OnlyNoise => "the spread is no more than the chance of single results makes",
        NotEstimable::TooManyModels => "there are more models than the method takes",
        NotEstimable::TooFewCommonPrompts => "too few prompts were met by both sides",
        NotEstimable::NoCommonStrata | NotEstimable::NoCommonPrompts => {
            "the two met no common prompt"
        }
        NotEstimable::OneStratum => "the two met in one stratum alone",
        NotEstimable::OnePrompt => "all results are on one prompt",
        NotEstimable::ReplicatedPrompts => "there are several results on one prompt",
        NotEstimable::NoLabels => "the corpus does not state the labels",
        NotEstimable::SparseStrata => "the strata hold too few successes",
        NotEstimable::SeveralModels => "results on one prompt are of several models",
        NotEstimable::SeveralGraders => "several graders share in the rate",
        _ => "the data lie outside the range of the method",
    }
}

/// "Not estimable" with its reason, for a cell.
pub fn not_estimable(reason: NotEstimable) -> String {
    format!("not estimable: {}", why_not(reason))
}

/// A change in points as words: "3 points fewer", "2 points more", "no change".
pub fn fewer_or_more(points: f64, places: usize) -> String {
    let text = format::points(points.abs(), places);
    let number = text.split(format::NBSP).next().unwrap_or_default();
    if number.chars().all(|c| matches!(c, '0' | '.')) {
        return "no change".to_owned();
    }
    format!("{text} {}", if points < 0.0 { "fewer" } else { "more" })
}

/// Two limits of a change as words ("3 points fewer to 2 points more").
pub fn change_span(lower: f64, upper: f64, places: usize) -> String {
    if (lower < 0.0) == (upper < 0.0) && lower != 0.0 && upper != 0.0 {
        let near = lower.abs().min(upper.abs());
        let far = lower.abs().max(upper.abs());
        let way = if lower < 0.0 { "fewer" } else { "more" };
        if places == 0 && format::decimals(near, 0) == format::decimals(far, 0) {
            return change_span(lower, upper, 1);
        }
        return format!(
            "{} to {} {way}",
            format::decimals(near, places),
            format::points(far, places)
        );
    }
    // A limit that rounds to nothing hides on which side of zero it lies.
    let hidden = |limit: f64| limit != 0.0 && format::decimals(limit.abs(), 0) == "0";
    if places == 0 && (hidden(lower) || hidden(upper)) {
        return change_span(lower, upper, 1);
    }
    format!(
        "{} to {}",
        fewer_or_more(lower, places),
        fewer_or_more(upper, places)
    )
}

/// Words of a text, counted by white space.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The text of a prose.
pub fn text_of(prose: &Prose) -> String {
    let texts: Vec<&str> = prose
        .iter()
        .map(|sentence| sentence.text.as_str())
        .collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use caveat_analysis::quantity::Number;

    use super::*;

    fn estimate(lower: f64, upper: f64) -> Estimate {
        Estimate {
            value: Number((lower + upper) / 2.0),
            lower: Number(lower),
            upper: Number(upper),
            level: Number(0.95),
            method: "test",
        }
    }

    #[test]
    fn the_ladder_follows_the_interval_and_calls_nothing_small_without_a_margin() {
        assert_eq!(ladder(&estimate(-5.0, -1.0), Some(9.0)), Ladder::Lower);
        assert_eq!(ladder(&estimate(1.0, 5.0), None), Ladder::Higher);
        assert_eq!(ladder(&estimate(-1.2, 1.9), Some(3.0)), Ladder::Smaller);
        assert_eq!(ladder(&estimate(-1.2, 1.9), None), Ladder::NotEstablished);
        assert_eq!(
            ladder(&estimate(-1.2, 3.1), Some(3.0)),
            Ladder::NotEstablished
        );
    }

    #[test]
    fn p_values_near_the_line_are_neither_side_of_it() {
        assert_eq!(line(0.029), Line::Beyond);
        assert_eq!(line(0.03), Line::Close);
        assert_eq!(line(0.08), Line::Close);
        assert_eq!(line(0.081), Line::Short);
    }

    #[test]
    fn changes_are_fewer_or_more_and_never_minus_nothing() {
        let plain = |text: String| text.replace(format::NBSP, " ");
        assert_eq!(
            plain(change_span(-3.2, 2.1, 0)),
            "3 points fewer to 2 points more"
        );
        assert_eq!(plain(change_span(-5.2, -1.4, 0)), "1 to 5 points fewer");
        assert_eq!(plain(change_span(1.4, 5.2, 0)), "1 to 5 points more");
        assert_eq!(plain(change_span(5.5, 6.3, 0)), "5.5 to 6.3 points more");
        assert_eq!(
            plain(change_span(-0.2, 2.0, 0)),
            "0.2 points fewer to 2.0 points more"
        );
    }

    #[test]
    fn evidence_of_a_sentence_is_listed_once() {
        assert_eq!(say("x", ["a", "b", "a"]).evidence, ["a", "b"]);
    }
}
