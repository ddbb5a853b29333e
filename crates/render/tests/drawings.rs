//! Drawings: their size, their labels, and the SVG files made of them.

#![allow(clippy::unwrap_used)]

use caveat_render::scene::{self, Anchor, Item, Scene};
use caveat_report::document::{
    Block, Chart, Document, Figure, SpecificationMark, SpecificationRow,
};

#[path = "support/sample/mod.rs"]
mod sample;

fn figures(document: &Document) -> impl Iterator<Item = &Figure> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let later = blocks.filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    std::iter::once(&document.first_page.figure).chain(later)
}

/// Left and right end of every text, by its width as set.
fn extents(scene: &Scene) -> Vec<(f64, f64, String)> {
    let texts = scene.items.iter().filter_map(|item| match item {
        Item::Text {
            x,
            anchor,
            role,
            text,
            ..
        } => {
            let width = role.width_mm(text);
            let start = match anchor {
                Anchor::Start => *x,
                Anchor::Middle => x - width / 2.0,
                Anchor::End => x - width,
            };
            Some((start, start + width, text.clone()))
        }
        _ => None,
    });
    texts.collect()
}

#[test]
fn every_chart_has_its_size_and_keeps_its_words_inside() {
    let sizes = [
        ("chance", 36.2),
        ("null", 59.0),
        ("size", 93.0),
        ("within", 45.0),
    ];
    let document = sample::document();
    for (figure, (id, height)) in figures(&document).zip(sizes) {
        let scene = scene::draw(figure).unwrap();
        assert_eq!(
            (figure.id.as_str(), scene.width, scene.height),
            (id, 170.0, height)
        );
        for (start, end, text) in extents(&scene) {
            assert!(
                start >= -1.0 && end <= 171.5,
                "{id}: {text} from {start} to {end}"
            );
        }
    }
}

#[test]
fn every_model_of_the_scatter_is_named() {
    let document = sample::document();
    let figure = figures(&document)
        .find(|figure| figure.id == "size")
        .unwrap();
    let named: Vec<String> = extents(&scene::draw(figure).unwrap())
        .into_iter()
        .map(|(_, _, text)| text)
        .collect();
    let Chart::Scatter { points, .. } = &figure.chart else {
        panic!("a scatter")
    };
    for point in points {
        assert!(named.contains(&point.label), "{}", point.label);
    }
}

#[test]
fn labels_of_chance_stay_inside_wherever_the_values_fall() {
    let mut document = sample::document();
    for (observed, mean, p05, p95) in [
        (0.0, 0.0, 0.0, 0.01),
        (1.0, 0.98, 0.95, 1.0),
        (0.5, 0.5, 0.49, 0.51),
        (0.3, 0.55, 0.2, 0.9),
    ] {
        if let Chart::ChanceStrip { rows, .. } = &mut document.first_page.figure.chart {
            for row in rows {
                (row.observed.value, row.mean.value, row.p05, row.p95) = (observed, mean, p05, p95);
            }
        }
        for (start, end, text) in extents(&scene::draw(&document.first_page.figure).unwrap()) {
            assert!(
                start >= 0.0 && end <= 171.5,
                "{text} from {start} to {end} at {observed}"
            );
        }
    }
}

/// As many estimates, one row each in turn.
fn curve(estimates: u32) -> Figure {
    let mut figure = sample::document().first_page.figure.clone();
    let row = |choice: &str, option: &str| SpecificationRow {
        choice: choice.to_owned(),
        option: option.to_owned(),
    };
    let axis = match &figure.chart {
        Chart::ChanceStrip { axis, .. } => axis.clone(),
        _ => panic!("a strip"),
    };
    figure.chart = Chart::SpecificationCurve {
        y: axis,
        marks: (0..estimates)
            .map(|i| SpecificationMark {
                value: f64::from(i) / f64::from(estimates),
                interval: (i % 2 == 0).then_some([0.0, 1.0]),
                published: i == estimates - 1,
                rows: vec![usize::try_from(i % 3).unwrap()],
            })
            .collect(),
        rows: vec![
            row("Success", "in full or in part"),
            row("A choice with a long name indeed", &"long ".repeat(30)),
            row("", "another option of it"),
        ],
        published_label: "as published 65%".to_owned(),
    };
    figure
}

#[test]
fn a_specification_curve_marks_the_published_choice_without_colour() {
    for estimates in [3, 61] {
        let scene = scene::draw(&curve(estimates)).unwrap();
        for (start, end, text) in extents(&scene) {
            assert!(start >= 0.0 && end <= 170.5, "{text} from {start} to {end}");
        }
        let radii: Vec<f64> = scene
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Circle { radius, .. } => Some(*radius),
                _ => None,
            })
            .collect();
        assert_eq!(radii.len(), usize::try_from(estimates).unwrap());
        let largest = radii.iter().copied().fold(0.0, f64::max);
        assert_eq!(radii.iter().filter(|r| **r == largest).count(), 1);
        let squares = scene
            .items
            .iter()
            .filter(|i| matches!(i, Item::Rect { .. }));
        assert_eq!(squares.count(), radii.len());
        let svg = scene::svg(&scene, &curve(estimates));
        assert!(svg.contains(">as published 65%</text>"));
    }
}

#[test]
fn an_svg_names_no_other_file_and_escapes_its_words() {
    let mut document = sample::document();
    document.first_page.figure.alt = "<script>alert(1)</script> & \"x\"".to_owned();
    let svg = scene::svg(
        &scene::draw(&document.first_page.figure).unwrap(),
        &document.first_page.figure,
    );
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("<desc id=\"desc\">&lt;script&gt;alert(1)"));
    assert!(svg.contains(">observed 65%</text>"));
    for forbidden in ["<script", "href", "url(", "<style", "<image"] {
        assert!(!svg.contains(forbidden), "{forbidden}");
    }
}
