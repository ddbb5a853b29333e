//! Plans for a next round: known prompts first, every comparison served, reasons.

use caveat_analysis::{
    NotEstimable, Number, Quantity,
    cells::{PromptCell, Unit},
    next_round::{RoundGoal, next_round, open_pairs},
    result::{Comparison, Estimate, RoundPair, RoundPlan, RoundStep},
    same_prompts::PromptSample,
};

/// Cells of sides that met the prompts in their range; every third one succeeds.
fn cells(ranges: &[std::ops::Range<u32>]) -> Vec<PromptCell> {
    (0_u32..)
        .zip(ranges)
        .flat_map(|(side, range)| {
            range.clone().map(move |prompt| PromptCell {
                model: side,
                provider: side,
                prompt,
                harm_category: None,
                technique: None,
                succeeded: u32::from((prompt + side) % 3 == 0),
                n: 1,
            })
        })
        .collect()
}

fn names(k: usize) -> Vec<String> {
    (0..k).map(|i| format!("s{i}")).collect()
}

fn planned(cells: &[PromptCell], open: &[(usize, usize)], costs: &[f64]) -> Quantity<RoundPlan> {
    let names = names(costs.len());
    let sample = PromptSample {
        cells,
        unit: Unit::Provider,
        names: &names,
        harm_categories: &[],
        techniques: &[],
        category_mix: None,
    };
    let ranked: Vec<usize> = (0..costs.len()).collect();
    let goal = RoundGoal {
        difference: 0.1,
        power: 0.8,
        alpha: 0.05,
        family: 3,
        costs,
    };
    next_round(&sample, &ranked, open, &goal)
}

/// Adds up what a plan gives to each pair, from its steps alone.
fn gained(plan: &RoundPlan, pair: &RoundPair) -> u64 {
    let joins = |s: &&RoundStep| {
        let has = |name: &String| s.run.contains(name) || s.answered_by.contains(name);
        let runs = s.run.contains(&pair.first) || s.run.contains(&pair.second);
        runs && has(&pair.first) && has(&pair.second)
    };
    plan.steps.iter().filter(joins).map(|s| s.prompts).sum()
}

#[test]
fn prompts_that_one_side_answered_come_before_new_ones() {
    let cells = cells(&[0..400, 0..50]);
    let plan = planned(&cells, &[(1, 0)], &[1.0, 1.0])
        .known()
        .unwrap()
        .clone();
    let pair = &plan.pairs[0];
    assert!(pair.discordant_observed && pair.common_now == 50 && !pair.enough_now);
    let first = &plan.steps[0];
    assert_eq!(
        (first.run.as_slice(), first.new),
        (&["s1".to_owned()][..], false)
    );
    assert_eq!(first.prompt_ids[0], 50);
    assert_eq!(50 + gained(&plan, pair), pair.common_needed);
    assert_eq!(plan.steps.last().unwrap().completes.len(), 1);
    assert_eq!(
        plan.traces,
        plan.sides
            .iter()
            .map(|s| s.on_known_prompts + s.on_new_prompts)
            .sum::<u64>()
    );
}

#[test]
fn all_comparisons_of_a_plan_get_their_prompts_and_none_more_than_it_cost() {
    let cells = cells(&[0..120, 60..200, 190..260, 0..260]);
    let open = [(0, 1), (1, 2), (0, 3)];
    for costs in [[1.0; 4], [1.0, 1.0, 10.0, 0.5], [3.0, 0.2, 1.0, 7.0]] {
        let plan = planned(&cells, &open, &costs).known().unwrap().clone();
        for pair in &plan.pairs {
            assert!(pair.common_now + gained(&plan, pair) >= pair.common_needed);
        }
        let of_sides: f64 = plan.sides.iter().map(|s| s.cost.0).sum();
        assert!((of_sides - plan.cost.0).abs() < 1e-9);
        let done: usize = plan.steps.iter().map(|s| s.completes.len()).sum();
        assert_eq!(done, plan.pairs.iter().filter(|p| !p.enough_now).count());
    }
}

#[test]
fn a_dear_side_answers_prompts_that_the_plan_already_brought_in() {
    let cells = cells(&[0..30, 0..30, 100..130]);
    let plan = planned(&cells, &[(0, 1), (1, 2)], &[1.0, 1.0, 40.0])
        .known()
        .unwrap()
        .clone();
    let dear = plan.sides.iter().find(|s| s.name == "s2").unwrap();
    let need = plan.pairs[1].common_needed;
    // Side 1 answers the thirty prompts of side 2, which answers the rest among
    // those that sides 0 and 1 share by then.
    assert_eq!(dear.on_known_prompts + dear.on_new_prompts, need - 30);
    assert!(plan.new_prompts < plan.pairs[0].common_needed + need);
}

#[test]
fn the_order_of_cells_and_of_pairs_changes_no_plan() {
    let mut all = cells(&[0..120, 60..200, 190..260]);
    let first = planned(&all, &[(0, 1), (1, 2)], &[1.0; 3]);
    all.reverse();
    assert_eq!(first, planned(&all, &[(2, 1), (1, 0), (0, 1)], &[1.0; 3]));
}

#[test]
fn what_is_told_apart_is_not_open() {
    let comparison = |lower: &str, higher: &str, told_apart| Comparison {
        lower_provider: lower.to_owned(),
        higher_provider: higher.to_owned(),
        difference_pp: Estimate {
            value: Number(5.0),
            lower: Number(-4.0),
            upper: Number(14.0),
            level: Number(0.95),
            method: "newcombe",
        },
        told_apart,
        common_prompts: Quantity::Known(3),
    };
    let all = [
        comparison("s2", "s0", false),
        comparison("s0", "s1", true),
        comparison("s0", "elsewhere", false),
    ];
    assert_eq!(open_pairs(&names(3), &all), [(2, 0)]);
}

#[test]
fn plans_that_cannot_be_have_reasons() {
    let some = cells(&[0..30, 0..30]);
    let reason = |open: &[(usize, usize)], costs: &[f64]| planned(&some, open, costs).reason();
    assert_eq!(reason(&[], &[1.0; 2]), Some(NotEstimable::NothingOpen));
    assert_eq!(reason(&[(0, 0)], &[1.0; 2]), Some(NotEstimable::OutOfRange));
    assert_eq!(reason(&[(0, 2)], &[1.0; 2]), Some(NotEstimable::OutOfRange));
    assert_eq!(
        reason(&[(0, 1)], &[1.0, 0.0]),
        Some(NotEstimable::OutOfRange)
    );
    assert_eq!(
        reason(&[(0, 1)], &[1.0; 65]),
        Some(NotEstimable::TooManyModels)
    );
    assert_eq!(reason(&[(0, 2)], &[1.0; 3]), Some(NotEstimable::NoTraces));
}
