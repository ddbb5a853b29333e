//! Field 11: which results bear on which provisions, and what state they give.

use super::annex::Correspondence;
use super::document::Field;
use super::frameworks::{self, Addressee, Framework, Read, Relation, Subject};
use super::{Form, name};
use crate::document::{Block, Cell, Prose, Row, Sentence, State, Table};
use crate::words::{cell, strong, text_column};

/// Every row with its state.
pub(super) fn correspondence(form: &Form<'_>) -> Vec<Correspondence> {
    let language = form.language;
    let mut rows = Vec::new();
    for file in frameworks::all() {
        let framework = &file.framework;
        for row in &file.rows {
            rows.push(Correspondence {
                id: row.id.clone(),
                framework: framework.id.clone(),
                edition: framework.edition.in_language(language).to_owned(),
                source: framework.source.clone(),
                source_date: framework.date.clone(),
                read: read(row.read).to_owned(),
                checked: framework.checked.clone(),
                provision: row.provision.clone(),
                addressee: form.t(addressee(row.addressee)),
                subject: row.subject.in_language(language).to_owned(),
                relation: row.relation.name().to_owned(),
                reason: row.reason.in_language(language).to_owned(),
                result: row.result.name().to_owned(),
                bears_on: row.bears_on.name().to_owned(),
                state: state(form, row),
            });
        }
    }
    rows
}

const fn read(read: Read) -> &'static str {
    match read {
        Read::Primary => "primary",
        Read::Secondary => "secondary",
    }
}

/// The state of a row: that of its result and aspect.
fn state(form: &Form<'_>, row: &frameworks::Row) -> State {
    let same = |basis: &&super::annex::Basis| {
        basis.result == row.result.name() && basis.bears_on == row.bears_on.name()
    };
    form.bases
        .iter()
        .find(same)
        .map_or(State::NotTested, |basis| basis.state)
}

fn addressee(addressee: Addressee) -> &'static str {
    match addressee {
        Addressee::HighRisk => "addressee.high_risk",
        Addressee::Gpai => "addressee.gpai",
        Addressee::Systemic => "addressee.systemic",
        Addressee::Signatory => "addressee.signatory",
        Addressee::Organisation => "addressee.organisation",
        Addressee::Application => "addressee.application",
        Addressee::Anyone => "addressee.anyone",
    }
}

/// The letter of an addressee in the table.
const fn letter(addressee: Addressee) -> &'static str {
    match addressee {
        Addressee::HighRisk => "H",
        Addressee::Gpai => "G",
        Addressee::Systemic => "S",
        Addressee::Signatory => "C",
        Addressee::Organisation => "O",
        Addressee::Application => "A",
        Addressee::Anyone => "D",
    }
}

const ADDRESSEES: [Addressee; 7] = [
    Addressee::HighRisk,
    Addressee::Gpai,
    Addressee::Systemic,
    Addressee::Signatory,
    Addressee::Organisation,
    Addressee::Application,
    Addressee::Anyone,
];

pub(super) fn field(form: &Form<'_>) -> Field {
    let lead = vec![
        form.say("provisions.lead", &[], &[]),
        form.say("provisions.never", &[], &[]),
    ];
    let blocks = vec![Block::Table(table(form)), Block::Table(bases(form))];
    super::field(form, "11", "provisions", "label.provisions", lead, blocks)
}

/// Edition, source, date and verification of a framework.
fn edition(form: &Form<'_>, framework: &Framework) -> [Sentence; 2] {
    let language = form.language;
    let verified = form.t(match framework.read {
        Read::Primary => "provisions.read",
        Read::Secondary => "provisions.not_read",
    });
    let day = language.day(&framework.checked);
    let values = [
        ("edition", framework.edition.in_language(language)),
        ("source", &framework.source),
        ("verified", &verified),
        ("day", &day),
    ];
    let name = format!("{}:", framework.name.in_language(language));
    [
        strong(name, [""; 0]),
        form.say("provisions.edition", &values, &["x1"]),
    ]
}

fn relation(form: &Form<'_>, relation: Relation) -> String {
    form.t(match relation {
        Relation::EvidenceFor => "relation.evidence_for",
        Relation::Partial => "relation.partial",
        Relation::Context => "relation.context",
    })
}

fn table(form: &Form<'_>) -> Table {
    let language = form.language;
    let mut rows = Vec::new();
    for file in frameworks::all() {
        let framework = file.framework.name.in_language(language);
        for row in &file.rows {
            let found = state(form, row);
            rows.push(Row {
                cells: vec![
                    cell(format!(
                        "{framework}, {} [{}]: {}",
                        row.provision,
                        letter(row.addressee),
                        row.subject.in_language(language)
                    )),
                    Cell::State {
                        state: found,
                        text: form.state(found),
                    },
                    cell(relation(form, row.relation)),
                    cell(row.reason.in_language(language)),
                ],
                strong: false,
            });
        }
    }
    let codes: Vec<String> = ADDRESSEES
        .into_iter()
        .map(|one| format!("{}: {}", letter(one), form.t(addressee(one))))
        .collect();
    let codes = codes.join("; ");
    let mut note: Prose = vec![
        form.say("provisions.codes", &[("codes", &codes)], &[]),
        form.say("provisions.note", &[], &["x1"]),
    ];
    let all = frameworks::all().iter();
    note.extend(all.flat_map(|file| edition(form, &file.framework)));
    Table {
        id: "provisions".to_owned(),
        number: None,
        title: Some(form.t("provisions.title")),
        subtitle: Some(form.t("provisions.subtitle")),
        columns: vec![
            text_column(&form.t("column.provision"), 60.0),
            text_column(&form.t("column.state"), 33.0),
            text_column(&form.t("column.relation"), 16.0),
            text_column(&form.t("column.why_not_more"), 61.0),
        ],
        rows,
        more: None,
        note,
    }
}

/// What the states rest on: one row for each result and aspect.
fn bases(form: &Form<'_>) -> Table {
    let rows = form.bases.iter().map(|basis| Row {
        cells: vec![
            cell(format!(
                "{}: {}",
                subject(form, &basis.result),
                aspect(form, &basis.bears_on)
            )),
            Cell::State {
                state: basis.state,
                text: form.state(basis.state),
            },
            cell(name_or_whole(&basis.why)),
        ],
        strong: false,
    });
    Table {
        id: "bases".to_owned(),
        number: None,
        title: Some(form.t("provisions.bases_title")),
        subtitle: None,
        columns: vec![
            text_column(&form.t("column.result"), 56.0),
            text_column(&form.t("column.state"), 33.0),
            text_column(&form.t("column.why"), 81.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![form.say("provisions.bases_note", &[], &["x2"])],
    }
}

/// A reason as it stands; it is one of the fixed texts and fits a cell.
fn name_or_whole(why: &str) -> String {
    if why.chars().count() <= 150 {
        why.to_owned()
    } else {
        name(why)
    }
}

fn subject(form: &Form<'_>, result: &str) -> String {
    let all = [
        (Subject::Strict, "measure.strict"),
        (Subject::Broad, "measure.broad"),
        (Subject::FunctionallyDangerous, "measure.dangerous"),
        (Subject::Refusal, "measure.refusal"),
        (Subject::Harms, "subject.harms"),
        (Subject::Families, "subject.families"),
        (Subject::Prompts, "subject.prompts"),
        (Subject::Grader, "subject.grader"),
        (Subject::Uncertainty, "subject.uncertainty"),
        (Subject::Reproducibility, "subject.reproducibility"),
        (Subject::Tester, "subject.tester"),
    ];
    let found = all.iter().find(|(subject, _)| subject.name() == result);
    found.map_or_else(|| result.to_owned(), |(_, key)| form.t(key))
}

fn aspect(form: &Form<'_>, aspect: &str) -> String {
    use frameworks::Aspect;
    let all = [
        (Aspect::Testing, "aspect.testing"),
        (Aspect::Resistance, "aspect.resistance"),
        (Aspect::Documentation, "aspect.documentation"),
        (Aspect::Coverage, "aspect.coverage"),
        (Aspect::Reliability, "aspect.reliability"),
        (Aspect::Reproduction, "aspect.reproduction"),
        (Aspect::Independence, "aspect.independence"),
    ];
    let found = all.iter().find(|(known, _)| known.name() == aspect);
    found.map_or_else(|| aspect.to_owned(), |(_, key)| form.t(key))
}
