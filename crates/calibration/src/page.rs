//! The document: what holds, what does not, and every figure with its error.
//!
//! Sentences follow from the figures by rule: another result makes the opposite
//! sentence. Nothing here computes but counts of verdicts.

use std::fmt::Write as _;

use crate::{
    figure::{Counted, Measured, Outcome, Question, Verdict, Whose},
    words::{counts, error, figure, percent, promised, thousands},
    worlds::Section,
};

const OPENING: &str = "\
# Calibration: how often the methods are right

Made by `cargo xtask prove calibration`; the figures are in [calibration.csv](calibration.csv). \
Worlds are made up whose truth is known: rates, providers, prompts, graders. Every method then says what it says of them, \
and it is counted how often it is right. A 95 % interval should hold the truth in 95 of 100 worlds; a test at 5 % should \
find something in 5 of 100 worlds where there is nothing.

Three kinds of method stand side by side. *caveat*: what this program prints. *published*: what the report did that \
caveat was made to look into (Report #164). *customary*: what is usual elsewhere. A method is held to what it promises: \
coverage within one point of its level, false alarms from 4 to 6 %. Where it promises nothing its figure stands all the \
same, because a reader may take it for more than it is.

Worlds are simplifications. That a method holds here says that its formula and its program are right where its \
assumptions are met; it does not say that the assumptions are met by data.
";

const HOW: &str = "\
## How it was done

Every world has a stream of its own (ChaCha8; the seed and the number of the world give the stream), so that the number \
of threads changes no figure. The Monte Carlo error is the standard deviation between worlds over the root of their number, \
and never less than one world in all; an interval of two errors either way is drawn in the chart. *At the edge* means \
outside the promised range by less than two of these errors. Worlds in which a method has no answer (for example a ratio of \
nothing to nothing) are left out of its figure and counted in the column *no answer*. Permutation tests use 199 relabellings \
in each world, with which 5 % is reached exactly; sets of ranks use 999 draws. The sampler behind the posterior takes a few \
logarithms from the platform, so that its section may differ between operating systems; all others do not.

Nothing is worked out a second time: every figure comes from the functions of `crates/analysis` that a report calls. A short \
version, the first worlds of each kind, runs with every test and fails when a figure moves away from these or a promise breaks.
";

type Row<'a> = (&'a Outcome, &'static Question, &'a Measured);

fn rows(sections: &[Section]) -> Vec<Row<'_>> {
    sections
        .iter()
        .flat_map(|s| &s.outcomes)
        .flat_map(|o| o.rows().map(move |(q, m)| (o, q, m)))
        .collect()
}

/// The whole document.
pub fn write(sections: &[Section]) -> String {
    let mut text = OPENING.to_owned();
    text.push_str(&summary(sections));
    text.push_str(
        "\n![Coverage and false alarms with their Monte Carlo intervals](calibration.svg)\n\n",
    );
    text.push_str("*Filled: caveat. Open: published. Bars: two Monte Carlo errors either way. Grey band: what is promised, where something is. ");
    text.push_str("A mark at the left or right edge lies beyond it; its figure says where.*\n\n");
    text.push_str(&tables(sections));
    text.push_str(HOW);
    text
}

/// What holds, what does not, what to conclude.
fn summary(sections: &[Section]) -> String {
    let all = rows(sections);
    let ours: Vec<&Row<'_>> = all.iter().filter(|r| r.1.whose == Whose::Caveat).collect();
    let with = |verdicts: &[Verdict]| -> Vec<&Row<'_>> {
        let kept = ours
            .iter()
            .filter(|r| verdicts.contains(&Verdict::of(r.1.promise, r.2)));
        kept.copied().collect()
    };
    let promised = ours
        .iter()
        .filter(|r| r.1.promise.range().is_some())
        .count();
    let holds = with(&[Verdict::Holds]);
    let fails = with(&[Verdict::Fails]);
    let edge = with(&[Verdict::Edge]);
    let cautious = with(&[Verdict::Cautious]);
    let mut text = "\n## What to conclude\n\n".to_owned();
    for sentence in crate::conclude::sentences(sections) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "- {sentence}");
    }
    let _ = write!(
        text,
        "\n## What holds\n\nOf {promised} promises of caveat's methods {} hold, {} lie at the edge, {} are kept with more caution than need be, and {} do not hold.\n\n",
        holds.len(),
        edge.len(),
        cautious.len(),
        fails.len()
    );
    for section in sections {
        let own: Vec<&Row<'_>> = holds
            .iter()
            .filter(|r| section.outcomes.iter().any(|o| o.world.id == r.0.world.id))
            .copied()
            .collect();
        if own.is_empty() {
            continue;
        }
        let mut methods: Vec<&str> = Vec::new();
        for row in own {
            if !methods.contains(&row.1.method) {
                methods.push(row.1.method);
            }
        }
        // Writing to a string does not fail.
        let _ = writeln!(text, "- {}: {}.", section.title, methods.join("; "));
    }
    for histogram in sections.iter().flat_map(|s| &s.histograms) {
        if histogram.adjusted > 0.05 {
            continue;
        }
        let _ = writeln!(
            text,
            "- Ranks of {} are **not even** (p {:.3}).",
            histogram.quantity, histogram.adjusted
        );
    }
    text.push_str("\n## What does not hold\n\n");
    if fails.is_empty() {
        text.push_str("Of what caveat promises in these worlds nothing fails by more than Monte Carlo error.\n");
    }
    list(&mut text, &fails);
    if !edge.is_empty() {
        text.push_str(
            "\nAt the edge, outside the promise by less than two Monte Carlo errors:\n\n",
        );
        list(&mut text, &edge);
    }
    if !cautious.is_empty() {
        text.push_str("\nKept, and wider or more careful than need be:\n\n");
        list(&mut text, &cautious);
    }
    text.push_str("\n## What a reader should not take for more than it is\n\nFigures of caveat that promise nothing in the world named:\n\n");
    let bare: Vec<&Row<'_>> = with(&[Verdict::NotPromised])
        .into_iter()
        .filter(|r| off(r))
        .collect();
    list(&mut text, &bare);
    text.push_str("\nThe published method:\n\n");
    let published: Vec<&Row<'_>> = all
        .iter()
        .filter(|r| r.1.whose == Whose::Published && off(r))
        .collect();
    list(&mut text, &published);
    text
}

/// Whether a figure without a promise misleads who takes it at its word.
fn off(row: &Row<'_>) -> bool {
    let (promise, m) = (row.1.promise, row.2);
    let Some(nominal) = promise.nominal() else {
        return false;
    };
    match promise.counted() {
        Counted::Coverage => m.mean < nominal - crate::figure::BAND,
        Counted::Alarms => m.mean > nominal + crate::figure::BAND,
        Counted::Bias => m.mean.abs() > crate::figure::BIAS_BAND,
        Counted::Found => false,
    }
}

/// One line for each method and reason, with the worlds in which it was asked.
fn list(text: &mut String, rows: &[&Row<'_>]) {
    let mut done: Vec<(&str, &str)> = Vec::new();
    for (_, question, _) in rows.iter().copied() {
        let key = (question.method, question.because);
        if done.contains(&key) {
            continue;
        }
        done.push(key);
        let alike = rows.iter().filter(|r| (r.1.method, r.1.because) == key);
        let worlds: Vec<String> = alike
            .map(|(outcome, q, m)| format!("{} ({})", figure(q.promise, m), outcome.world.title))
            .collect();
        let what = match question.promise.counted() {
            Counted::Coverage => "holds the truth in",
            Counted::Alarms => "is a false alarm in",
            Counted::Bias => "is off on average by",
            Counted::Found => "is found in",
        };
        let range = question.promise.range().map_or_else(String::new, |_| {
            format!("; promised: {}", promised(question.promise))
        });
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "- **{}** {what} {}{range}. {}",
            question.method,
            worlds.join(", "),
            question.because
        );
    }
}

/// Every table, section by section.
pub fn tables(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        let _ = writeln!(text, "## {}\n\n{}\n", section.title, section.question);
        for outcome in &section.outcomes {
            text.push_str(&table(outcome));
        }
        if !section.histograms.is_empty() {
            text.push_str(&histograms(section));
        }
    }
    text
}

fn table(outcome: &Outcome) -> String {
    let world = outcome.world;
    let worlds = outcome.measured.first().map_or(0, |m| m.worlds);
    let title = crate::chart::capital(world.title);
    let mut text = format!(
        "### {title}\n\n{} Seed {}, {} worlds.\n\n| Method | Whose | Counted | Promised | Measured | Monte Carlo error | No answer | |\n|---|---|---|---|---:|---:|---:|---|\n",
        world.about,
        world.seed,
        thousands(worlds)
    );
    for (question, m) in outcome.rows() {
        let refused = if m.answered == m.worlds {
            "none".to_owned()
        } else {
            percent(m.refused())
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {refused} | {} |",
            question.method,
            question.whose.word(),
            counts(question.promise.counted()),
            promised(question.promise),
            figure(question.promise, m),
            error(m),
            Verdict::of(question.promise, m).word()
        );
    }
    text.push('\n');
    text
}

fn histograms(section: &Section) -> String {
    let mut text = "Ranks of the true value among 99 draws, worlds by tenth of the ranks; even if all is right. p: chi-squared against even counts, adjusted for the number of quantities (Holm).\n\n| Quantity | Worlds by tenth | chi-squared, 9 df | p | |\n|---|---|---:|---:|---|\n".to_owned();
    for h in &section.histograms {
        let counts: Vec<String> = h.counts.iter().map(u64::to_string).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {:.3} | {} |",
            h.quantity,
            counts.join(" "),
            h.chi2,
            h.adjusted,
            if h.adjusted > 0.05 {
                "even"
            } else {
                "**not even**"
            }
        );
    }
    text.push('\n');
    text
}
