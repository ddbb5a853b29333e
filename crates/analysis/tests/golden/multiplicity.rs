//! Adjusted p-values (09).

use caveat_analysis::multiplicity::{Adjustment, adjust};

use crate::support::{Golden, floats};

#[test]
fn p_values_of_many_tests_are_adjusted() {
    let ways = [
        ("bonferroni", Adjustment::Bonferroni),
        ("sidak", Adjustment::Sidak),
        ("holm", Adjustment::Holm),
        ("hochberg", Adjustment::Hochberg),
        ("bh", Adjustment::BenjaminiHochberg),
        ("by", Adjustment::BenjaminiYekutieli),
    ];
    Golden::parse(include_str!("09_multiplicity.json")).each(|input, case| {
        let p = floats(input, "p");
        for (name, way) in ways {
            case.list(name, &adjust(&p, way).unwrap());
        }
    });
}
