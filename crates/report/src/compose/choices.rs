//! Does the conclusion depend on the choices made: other sizes, other models, parts of the corpus.

use caveat_analysis::quantity::Quantity;
use caveat_analysis::result::{Estimate, OneWayResult, SizeSensitivity};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Section, Sentence, Table};
use crate::evidence::numbered;
use crate::findings::share::deciding_p;
use crate::format;
use crate::words::{
    self, Ladder, Line, cell, not_estimable, number_column, plain, row, say, text_column,
};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let mut blocks = super::curve::blocks(facts);
    blocks.push(Block::Table(shares(facts)));
    blocks.push(Block::Table(slopes(facts)));
    let bands = bands(facts);
    if !bands.is_empty() {
        blocks.push(Block::Paragraph { sentences: bands });
    }
    blocks.extend(super::views::table(facts).map(Block::Table));
    super::section(
        "choices",
        "Does the conclusion depend on the choices made?",
        lead(facts),
        blocks,
    )
}

/// One way to compute the share: name, figures, id.
struct ShareChoice<'a> {
    name: String,
    result: &'a OneWayResult,
    id: String,
}

/// Who lies outside the band under other sizes, where that differs.
fn bands(facts: &Facts<'_>) -> Prose {
    let bands = &facts.analysis().bands;
    let names = |outside: &[String]| match outside {
        [] => "none".to_owned(),
        some => format::list(&facts.vendors(some)),
    };
    let as_used: std::collections::BTreeSet<&String> = bands.outside.iter().collect();
    let mut prose = Vec::new();
    for (place, variant) in facts.analysis().size_sensitivity.iter().enumerate() {
        let outside: std::collections::BTreeSet<&String> = variant.outside.iter().collect();
        // Without a line under these sizes, nobody can lie beside it.
        let line = variant.slope_per_doubling.known().is_some();
        if line && outside != as_used {
            prose.push(say(
                format!(
                    "Under \u{201c}{}\u{201d}: {}.",
                    size_name(&variant.id),
                    names(&variant.outside)
                ),
                [numbered("z", place)],
            ));
        }
    }
    if !prose.is_empty() {
        let opening = format!(
            "The sizes decide who lies outside the band of {}. As used: {}.",
            format::points(bands.points.0, 0),
            names(&bands.outside)
        );
        prose.insert(0, say(opening, ["b1"]));
    }
    prose
}

/// The name of other sizes for readers.
fn size_name(id: &str) -> String {
    match id {
        "register" => "Sizes as makers disclose".to_owned(),
        "active" => "Active sizes".to_owned(),
        "total" => "Total sizes".to_owned(),
        "disclosed" => "Disclosed sizes only".to_owned(),
        other => format!("Sizes: {other}"),
    }
}

/// Which models other sizes concern: those whose size differs, those that have
/// none, and mixtures of experts that they leave as they are.
fn changed_sizes(facts: &Facts<'_>, place: usize, variant: &SizeSensitivity) -> Prose {
    let sample = &facts.input.selection.sample;
    let sizes = sample.size_variants.iter().find(|v| v.id == variant.id);
    let lost = |name: &String| {
        let at = sample.models.iter().position(|model| model.model == *name);
        at.zip(sizes)
            .is_some_and(|(at, sizes)| sizes.sizes_b.get(at).copied().flatten().is_none())
    };
    let (without, other): (Vec<&String>, Vec<&String>) =
        variant.changed.iter().partition(|name| lost(name));
    let shown = |list: &[&String]| {
        let names: Vec<String> = list.iter().map(|name| facts.model_named(name)).collect();
        format::short_list(&names, 4)
    };
    let mut parts = Vec::new();
    match variant.id.as_str() {
        "register" => {
            parts.push("the maker\u{2019}s size where it differs by more than a quarter".to_owned())
        }
        "disclosed" => parts.push(
            "the makers\u{2019} exact sizes throughout, most of them a rounding apart".to_owned(),
        ),
        _ => {}
    }
    if !other.is_empty() {
        parts.push(format!(
            "another size for {} ({})",
            format::plural_word(other.len(), "model", "models"),
            shown(&other)
        ));
    }
    if !without.is_empty() {
        parts.push(format!(
            "no size for {} ({})",
            format::plural_word(without.len(), "model", "models"),
            shown(&without)
        ));
    }
    let ids = std::iter::once(numbered("z", place)).chain(
        variant
            .changed
            .iter()
            .filter_map(|name| facts.model_id(name)),
    );
    let mut prose = vec![say(
        format!(
            "\u{201c}{}\u{201d}: {}.",
            size_name(&variant.id),
            parts.join("; ")
        ),
        ids,
    )];
    if variant.id == "active" {
        let kept: Vec<(String, String)> = facts
            .models()
            .filter(|(_, model)| model.in_scale && !variant.changed.contains(&model.model))
            .filter_map(|(_, model)| facts.fact(model))
            .filter(|fact| fact.mixture == Some(true) && fact.disclosed_active_b.is_some())
            .filter_map(|fact| Some((facts.model_named(&fact.model), facts.fact_id(fact)?)))
            .collect();
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        if !names.is_empty() {
            prose.push(say(
                format!(
                    "{}: a mixture of experts whose size as used is its active size already.",
                    format::short_list(&names, 4)
                ),
                kept.iter().map(|(_, id)| id.clone()),
            ));
        }
    }
    prose
}

fn share_choices<'a>(facts: &Facts<'a>) -> Vec<ShareChoice<'a>> {
    let decomposition = &facts.analysis().decomposition;
    let choice = |name: &str, result, id: &str| ShareChoice {
        name: name.to_owned(),
        result,
        id: id.to_owned(),
    };
    let mut all = vec![
        choice("Models with a size", &decomposition.in_scale, "d1"),
        choice("Vendors with two or more", &decomposition.two_plus, "d2"),
    ];
    if let Some(without) = facts.analysis().without_one_model.known() {
        all.push(ShareChoice {
            name: format!("Without {}", facts.model_named(&without.model)),
            result: &without.result,
            id: "d8".to_owned(),
        });
    }
    if decomposition.all_models.n_models != decomposition.in_scale.n_models {
        all.push(choice("All models", &decomposition.all_models, "d3"));
    }
    let alike = [(facts.input.namings, "y"), (facts.input.views, "v")];
    for (views, prefix) in alike {
        all.extend(views.iter().enumerate().map(|(place, view)| ShareChoice {
            name: view.title.clone(),
            result: &view.summary.decomposition.in_scale,
            id: numbered(prefix, place),
        }));
    }
    all
}

/// One way to compute the slope: name, models, figures, id.
struct SlopeChoice<'a> {
    name: String,
    n_models: usize,
    slope: &'a Quantity<Estimate>,
    /// The same with HC3 errors, where it was worked out.
    robust: Option<&'a Estimate>,
    r2: Option<f64>,
    id: String,
}

impl SlopeChoice<'_> {
    /// The way of the rate with size, as [`words::trend`] judges it.
    fn way(&self) -> Option<Ladder> {
        let way = words::ladder(self.slope.known()?, None);
        match self.robust {
            Some(robust) if words::ladder(robust, None) != way => Some(Ladder::NotEstablished),
            _ => Some(way),
        }
    }

    /// The two intervals where Student's t shows a trend and HC3 does not, or
    /// the other way round: then no trend is established, and that is said.
    fn divided(&self) -> Option<(&Estimate, &Estimate)> {
        let (slope, robust) = (self.slope.known()?, self.robust?);
        (words::ladder(slope, None) != words::ladder(robust, None)).then_some((slope, robust))
    }
}

fn slope_choices<'a>(facts: &Facts<'a>) -> Vec<SlopeChoice<'a>> {
    let mut all = Vec::new();
    if let Some(scale) = facts.scale() {
        all.push(SlopeChoice {
            name: "As used".to_owned(),
            n_models: scale.n_models,
            slope: &scale.slope_per_doubling,
            robust: scale.slope_hc3.known(),
            r2: scale.r2.number(),
            id: "s1".to_owned(),
        });
    }
    for (place, variant) in facts.analysis().size_sensitivity.iter().enumerate() {
        all.push(SlopeChoice {
            name: size_name(&variant.id),
            n_models: variant.n_models,
            slope: &variant.slope_per_doubling,
            robust: variant.slope_hc3.known(),
            r2: variant.r2.number(),
            id: numbered("z", place),
        });
    }
    for (place, view) in facts.input.views.iter().enumerate() {
        if let Some(scale) = view.summary.scale.known() {
            all.push(SlopeChoice {
                name: view.title.clone(),
                n_models: scale.n_models,
                slope: &scale.slope_per_doubling,
                robust: scale.slope_hc3.known(),
                r2: scale.r2.number(),
                id: numbered("v", place),
            });
        }
    }
    all
}

fn lead(facts: &Facts<'_>) -> Prose {
    let shares = share_choices(facts);
    let judged: Vec<Line> = shares
        .iter()
        .filter_map(|c| deciding_p(c.result).ok())
        .map(words::line)
        .collect();
    let beyond = judged.iter().filter(|line| **line == Line::Beyond).count();
    let exceptions: Vec<&str> = shares
        .iter()
        .filter(|c| deciding_p(c.result).is_ok_and(|p| words::line(p) != Line::Beyond))
        .map(|c| c.name.as_str())
        .collect();
    let ids: Vec<String> = shares.iter().map(|c| c.id.clone()).collect();
    let total = judged.len();
    let first = match (total, beyond) {
        (0, _) => "The vendor\u{2019}s share cannot be computed under any choice.".to_owned(),
        (_, 0) => format!(
            "In {} the vendor\u{2019}s share is not shown to be beyond chance{}.",
            every(total),
            close(&shares)
        ),
        (n, b) if n == b => format!(
            "The vendor\u{2019}s share is beyond chance in {}.",
            every(n)
        ),
        (n, b) => format!(
            "The vendor\u{2019}s share is beyond chance in {} of {}; the exception{} {}.",
            format::word(b),
            format::plural_word(n, "analysis", "analyses"),
            if n - b == 1 { " is" } else { "s are" },
            format::list(&exceptions)
        ),
    };
    let slopes = slope_choices(facts);
    let placed: Vec<Ladder> = slopes.iter().filter_map(SlopeChoice::way).collect();
    let clear = placed
        .iter()
        .filter(|l| matches!(l, Ladder::Lower | Ladder::Higher))
        .count();
    let ways = [Ladder::Lower, Ladder::Higher]
        .iter()
        .filter(|way| placed.contains(way))
        .count();
    let slope_ids: Vec<String> = slopes.iter().map(|s| s.id.clone()).collect();
    let second = match (placed.len(), clear) {
        (0, _) => "A slope cannot be computed under any choice.".to_owned(),
        (n, 0) if slopes.iter().any(|slope| slope.divided().is_some()) => format!(
            "No trend with size is established in {} by both kinds of error.",
            if n == 1 {
                "the one analysis".to_owned()
            } else {
                format!("any of {} analyses", format::word(n))
            }
        ),
        (n, 0) => format!("In {} no trend with size is established.", every(n)),
        (n, c) if n == c && ways == 1 => {
            format!("A trend with size is established in {}.", every(n))
        }
        (n, c) => {
            let named: Vec<String> = slopes
                .iter()
                .filter_map(|s| Some((s, s.way()?)))
                .filter_map(|(s, place)| match place {
                    Ladder::Lower => Some(format!("{} (falls)", s.name)),
                    Ladder::Higher => Some(format!("{} (rises)", s.name)),
                    Ladder::Smaller | Ladder::NotEstablished => None,
                })
                .collect();
            format!(
                "A trend with size is established in {} of {}: {}.",
                format::word(c),
                format::plural_word(n, "analysis", "analyses"),
                format::list(&named)
            )
        }
    };
    let mut lead = vec![say(first, ids), say(second, slope_ids)];
    lead.extend(slopes.iter().filter_map(divided));
    lead.push(plain(
        "The analyses share their data and are not replications.",
    ));
    lead
}

/// The choices under which the share is close to the line, as the end of a sentence.
fn close(shares: &[ShareChoice<'_>]) -> String {
    let listed: Vec<String> = shares
        .iter()
        .filter_map(|choice| {
            let p = deciding_p(choice.result).ok()?;
            (words::line(p) == Line::Close).then(|| {
                format!(
                    "{} ({})",
                    format::lower_first(&choice.name),
                    format::p_value(p)
                )
            })
        })
        .collect();
    if listed.is_empty() {
        return String::new();
    }
    format!("; close to the line {}", format::list(&listed))
}

/// What a slope shows whose two kinds of error disagree.
fn divided(choice: &SlopeChoice<'_>) -> Option<Sentence> {
    let (slope, robust) = choice.divided()?;
    let span = |estimate: &Estimate| {
        let one = |share: f64| format::signed(100.0 * share, 1);
        format::span(&one(estimate.lower.0), &one(estimate.upper.0))
    };
    Some(say(
        format!(
            "Under \u{201c}{}\u{201d} the two kinds of error disagree: {} points per doubling by Student\u{2019}s t, {} with errors that allow for unequal spread (HC3).",
            choice.name,
            span(slope),
            span(robust)
        ),
        [choice.id.clone()],
    ))
}

/// All of several analyses in words ("both analyses", "all six analyses").
fn every(analyses: usize) -> String {
    match analyses {
        1 => "the one analysis".to_owned(),
        2 => "both analyses".to_owned(),
        n => format!("all {} analyses", format::word(n)),
    }
}

/// The first choice's share corrected by epsilon squared, which the power rests on.
fn epsilon(facts: &Facts<'_>) -> Option<Sentence> {
    let corrected = facts.analysis().decomposition.in_scale.epsilon2.number()?;
    Some(say(
        format!(
            "First row corrected by epsilon squared in place of omega squared: {}.",
            format::percent_cell(corrected)
        ),
        ["d1"],
    ))
}

fn shares(facts: &Facts<'_>) -> Table {
    let choices = share_choices(facts);
    let rows = choices
        .iter()
        .filter(|choice| choice.result.n_models > 0)
        .map(|choice| share_row(&choice.name, choice.result));
    Table {
        id: "share-choices".to_owned(),
        number: None,
        title: Some("The vendor\u{2019}s share under other choices of models".to_owned()),
        subtitle: Some(
            "Share of the variance between models, in percent; p by relabelling where feasible"
                .to_owned(),
        ),
        columns: vec![
            text_column("Sample", 46.0),
            number_column("Models", 14.0),
            number_column("Vendors", 15.0),
            number_column("Share", 13.0),
            number_column("By chance", 19.0),
            number_column("Corrected", 19.0),
            number_column(&format!("{} interval", words::variance_level(facts)), 24.0),
            number_column("p", 18.0),
        ],
        rows: rows.collect(),
        more: None,
        note: std::iter::once(say(
            "By chance: the average under relabelling. Corrected: omega squared, which can be below zero. The interval is of the population\u{2019}s share.",
            choices.iter().map(|c| c.id.clone()),
        ))
        .chain(epsilon(facts))
        .chain(misled(&choices))
        .collect(),
    }
}

/// Rows in which F finds the vendor at 5% and relabelling does not.
fn misled(choices: &[ShareChoice<'_>]) -> Option<crate::document::Sentence> {
    let rows: Vec<&ShareChoice<'_>> = choices
        .iter()
        .filter(|choice| {
            let (f, dealt) = (choice.result.p, choice.result.p_permutation);
            let (f, dealt) = (f.number(), dealt.number());
            f.zip(dealt)
                .is_some_and(|(f, dealt)| f < 0.05 && dealt >= 0.05)
        })
        .collect();
    let named: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    (!rows.is_empty()).then(|| {
        say(
            format!(
                "F, on which the interval rests, finds the vendor at 5% and relabelling does not: {}. An outlying model can cause that. There p counts and not the interval.",
                format::list(&named)
            ),
            rows.iter().map(|row| row.id.clone()),
        )
    })
}

fn share_row(name: &str, result: &OneWayResult) -> Row {
    let absent = "not estimable";
    let one = |value: Option<f64>| value.map_or(absent.to_owned(), format::percent_cell);
    let p = deciding_p(result)
        .ok()
        .map_or(absent.to_owned(), format::p_cell);
    row([
        name.to_owned(),
        format::count(result.n_models),
        format::count(result.n_groups),
        one(result.eta2.number()),
        one(result.eta2_null_mean.number()),
        one(result.omega2.number()),
        result
            .population_eta2
            .known()
            .map_or(absent.to_owned(), |r| {
                format::span(
                    &format::percent_cell(r.lower.0),
                    &format::percent_cell(r.upper.0),
                )
            }),
        p,
    ])
}

fn slopes(facts: &Facts<'_>) -> Table {
    let choices = slope_choices(facts);
    let mut rows: Vec<Row> = choices
        .iter()
        .map(|choice| {
            let slope = choice.slope;
            let one = |share: f64| format::signed(100.0 * share, 1);
            let absent = |reason| not_estimable(reason);
            let verdict = choice.way().map_or("not estimable", |way| match way {
                _ if choice.divided().is_some() => "errors disagree",
                Ladder::Lower => "falls",
                Ladder::Higher => "rises",
                Ladder::Smaller | Ladder::NotEstablished => "not established",
            });
            row([
                choice.name.clone(),
                format::count(choice.n_models),
                slope.as_result().map_or_else(absent, |s| one(s.value.0)),
                slope.known().map_or("not estimable".to_owned(), |s| {
                    format::span(&one(s.lower.0), &one(s.upper.0))
                }),
                choice
                    .r2
                    .map_or("not estimable".to_owned(), format::percent_cell),
                verdict.to_owned(),
            ])
        })
        .collect();
    if rows.is_empty() {
        let reason = facts
            .analysis()
            .scale
            .reason()
            .map_or("no slope".to_owned(), not_estimable);
        rows.push(Row {
            cells: vec![
                cell("As used"),
                cell("0"),
                cell(reason),
                cell("not estimable"),
                cell("not estimable"),
                cell("not estimable"),
            ],
            strong: false,
        });
    }
    let changed = facts
        .analysis()
        .size_sensitivity
        .iter()
        .enumerate()
        .filter(|(_, v)| !v.changed.is_empty());
    let mut note: Prose = changed
        .flat_map(|(place, variant)| changed_sizes(facts, place, variant))
        .collect();
    note.push(say(
        "Student\u{2019}s t intervals over models.",
        choices.iter().map(|c| c.id.clone()),
    ));
    Table {
        id: "size-choices".to_owned(),
        number: None,
        title: Some("The slope under other choices of sizes".to_owned()),
        subtitle: Some("Change of the rate per doubling of parameters, in points; share of variance in percent".to_owned()),
        columns: vec![
            text_column("Sizes", 44.0),
            number_column("Models", 16.0),
            number_column("Slope", 30.0),
            number_column(&format!("{} interval", words::level(facts)), 30.0),
            number_column("Share", 22.0),
            text_column("Trend", 28.0),
        ],
        rows,
        more: None,
        note,
    }
}
