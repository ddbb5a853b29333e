//! Which factors the data can tell apart.
//!
//! A factor with one level is the intercept, one with a single trace at every
//! level is the noise of a trace, and two factors that group the cells alike
//! have only the sum of their variances identified. Such factors are left out
//! with the reason instead of being fitted to whatever the search finds.

use crate::reason::{Estimable, NotEstimable};

use super::cells::{Cells, Role};

/// The factors to fit, and those left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Factors whose variances can be estimated, in the order of the cells.
    pub fitted: Vec<Role>,
    /// Factors that cannot, with the reason.
    pub left_out: Vec<(Role, NotEstimable)>,
    /// A left-out factor and the fitted one whose variance is the sum of both.
    pub absorbed: Vec<(Role, Role)>,
}

/// Sorts the factors. Of two that group the cells alike the later one stays.
///
/// # Errors
/// `NotGiven` for cells without factors, else the reason of the last factor
/// when none is left.
pub fn plan(cells: &Cells) -> Estimable<Plan> {
    let mut found = Plan {
        fitted: Vec::new(),
        left_out: Vec::new(),
        absorbed: Vec::new(),
    };
    for (i, role) in cells.roles().iter().enumerate() {
        let per_level = cells.trials_by_level(*role);
        let alike = cells.roles()[i + 1..].iter().find(|later| {
            cells.nested(*role, **later).is_some() && cells.nested(**later, *role).is_some()
        });
        if per_level.len() < 2 {
            found.left_out.push((*role, NotEstimable::OneGroup));
        } else if per_level.iter().all(|n| *n == 1) {
            found.left_out.push((*role, NotEstimable::NoWithinDf));
        } else if let Some(later) = alike {
            found.left_out.push((*role, NotEstimable::NoWithinDf));
            found.absorbed.push((*role, *later));
        } else {
            found.fitted.push(*role);
        }
    }
    if found.fitted.is_empty() {
        let last = found.left_out.last().map(|l| l.1);
        return Err(last.unwrap_or(NotEstimable::NotGiven));
    }
    Ok(found)
}

/// Mean and population variance of `log2 size - centre` over the models.
///
/// # Errors
/// `NotGiven` without models, `NoSizes` if a model has no size, `TooFewModels`
/// with fewer than three different models, `SingularFit` if all sizes agree,
/// `OutOfRange` if a model has several.
pub(crate) fn sizes(cells: &Cells, centre: f64) -> Estimable<Sizes> {
    let models = cells.names(Role::Model).ok_or(NotEstimable::NotGiven)?;
    let levels = cells.levels(Role::Model).ok_or(NotEstimable::NotGiven)?;
    let mut of_model = vec![None; models.len()];
    for (model, size) in levels.iter().zip(cells.log2_size()) {
        let size = size.ok_or(NotEstimable::NoSizes)?;
        match of_model[*model] {
            None => of_model[*model] = Some(size),
            Some(seen) if seen == size => {}
            Some(_) => return Err(NotEstimable::OutOfRange),
        }
    }
    let x: Vec<f64> = of_model.iter().flatten().map(|s| s - centre).collect();
    if x.len() < 3 {
        return Err(NotEstimable::TooFewModels);
    }
    let mean = crate::sums::mean(&x).ok_or(NotEstimable::TooFewModels)?;
    let variance = crate::sums::squares_about(&x, mean) / crate::sums::count(x.len());
    if x.iter().all(|v| Some(v) == x.first()) {
        return Err(NotEstimable::SingularFit);
    }
    Ok(Sizes { x, mean, variance })
}

/// Sizes of the models, about a centre.
pub(crate) struct Sizes {
    /// Per model.
    pub(crate) x: Vec<f64>,
    pub(crate) mean: f64,
    /// Population form.
    pub(crate) variance: f64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::cells::Factor;

    fn cells(columns: &[(Role, &[usize])], trials: u64) -> Cells {
        let rows = columns[0].1.len();
        let factors: Vec<Factor> = columns
            .iter()
            .map(|(role, level_of)| Factor {
                role: *role,
                names: (0..9).map(|l| l.to_string()).collect(),
                level_of: level_of.to_vec(),
            })
            .collect();
        Cells::new(
            &factors,
            &vec![0; rows],
            &vec![trials; rows],
            &vec![None; rows],
        )
        .unwrap()
    }

    #[test]
    fn one_model_per_provider_leaves_the_sum_of_both_variances() {
        let columns: [(Role, &[usize]); 2] =
            [(Role::Provider, &[2, 0, 1]), (Role::Model, &[0, 1, 2])];
        let plan = plan(&cells(&columns, 4)).unwrap();
        assert_eq!(plan.fitted, [Role::Model]);
        assert_eq!(plan.absorbed, [(Role::Provider, Role::Model)]);
        assert_eq!(plan.left_out, [(Role::Provider, NotEstimable::NoWithinDf)]);
    }

    #[test]
    fn one_provider_and_prompts_seen_once_are_left_out() {
        let columns: [(Role, &[usize]); 3] = [
            (Role::Provider, &[0, 0, 0]),
            (Role::Model, &[0, 1, 1]),
            (Role::Prompt, &[0, 1, 2]),
        ];
        let plan = plan(&cells(&columns, 1)).unwrap();
        assert_eq!(plan.fitted, [Role::Model]);
        assert_eq!(
            plan.left_out,
            [
                (Role::Provider, NotEstimable::OneGroup),
                (Role::Prompt, NotEstimable::NoWithinDf)
            ]
        );
    }

    #[test]
    fn without_any_usable_factor_there_is_no_plan() {
        let one = cells(&[(Role::Model, &[0])], 5);
        assert_eq!(plan(&one), Err(NotEstimable::OneGroup));
        let none = Cells::new(&[], &[1], &[2], &[None]).unwrap();
        assert_eq!(plan(&none), Err(NotEstimable::NotGiven));
    }
}
