//! The templates that are part of the binary.
//!
//! An explicit list: a file that is not named here does not exist for layout.

/// Path below the templates folder, and text.
pub const TEMPLATES: &[(&str, &str)] = &[
    (
        "lib/style.typ",
        include_str!("../../../../templates/lib/style.typ"),
    ),
    (
        "lib/scene.typ",
        include_str!("../../../../templates/lib/scene.typ"),
    ),
    (
        "lib/prose.typ",
        include_str!("../../../../templates/lib/prose.typ"),
    ),
    (
        "lib/table.typ",
        include_str!("../../../../templates/lib/table.typ"),
    ),
    (
        "lib/blocks.typ",
        include_str!("../../../../templates/lib/blocks.typ"),
    ),
    (
        "report/report.typ",
        include_str!("../../../../templates/report/report.typ"),
    ),
    (
        "vendor-brief/brief.typ",
        include_str!("../../../../templates/vendor-brief/brief.typ"),
    ),
    (
        "regulator-summary/summary.typ",
        include_str!("../../../../templates/regulator-summary/summary.typ"),
    ),
];
