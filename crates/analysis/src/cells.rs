//! Verdicts by model and prompt, kept sparse, and totals of them by any label.
//!
//! A [`PromptCell`] counts what one model did on one prompt; only cells that
//! hold a trace exist, so that a million traces are a million cells at most.
//! A [`Tallies`] adds cells up by provider or model (the unit) and by prompt,
//! harm category or technique (the key) in one sort. Numbers are dense ids that
//! the caller gives out; nothing here knows a name. That two cells with one
//! prompt number answered the same prompt is the caller's promise.

use crate::{
    proportion::Count,
    reason::{Estimable, NotEstimable},
};

/// Evaluable traces of one model on one prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptCell {
    /// Place of the model.
    pub model: u32,
    /// Place of its provider.
    pub provider: u32,
    /// The prompt.
    pub prompt: u32,
    /// Harm category of the prompt, where the corpus states one.
    pub harm_category: Option<u32>,
    /// Attack technique, where the corpus states one.
    pub technique: Option<u32>,
    /// Successful attacks among `n`.
    pub succeeded: u32,
    /// Evaluable traces; a cell without any is passed over.
    pub n: u32,
}

/// What rates are compared between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Models.
    Model,
    /// Providers, with the traces of all their models.
    Provider,
}

/// What divides the traces of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Prompts.
    Prompt,
    /// Harm categories.
    HarmCategory,
    /// Attack techniques.
    Technique,
}

impl PromptCell {
    fn unit(&self, unit: Unit) -> u32 {
        match unit {
            Unit::Model => self.model,
            Unit::Provider => self.provider,
        }
    }

    fn key(&self, key: Key) -> Option<u32> {
        match key {
            Key::Prompt => Some(self.prompt),
            Key::HarmCategory => self.harm_category,
            Key::Technique => self.technique,
        }
    }
}

/// Traces of one unit under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The key.
    pub key: u32,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces, at least one.
    pub n: u64,
}

impl Tally {
    /// The rate; a tally always has a trace.
    pub fn rate(&self) -> f64 {
        crate::sums::count_u64(self.succeeded) / self.traces()
    }

    pub(crate) fn traces(&self) -> f64 {
        crate::sums::count_u64(self.n)
    }
}

/// Totals by unit, each unit's in order of key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallies {
    starts: Vec<usize>,
    rows: Vec<Tally>,
    unlabelled: Vec<u64>,
}

impl Tallies {
    /// Adds up cells over `units` units. Time is that of sorting the cells.
    ///
    /// ```
    /// use caveat_analysis::cells::{Key, PromptCell, Tallies, Unit};
    ///
    /// let cell = |model, prompt, succeeded| PromptCell {
    ///     model, provider: 0, prompt, harm_category: None, technique: None, succeeded, n: 2,
    /// };
    /// let cells = [cell(1, 7, 1), cell(0, 7, 2), cell(0, 3, 0)];
    /// let by_provider = Tallies::new(&cells, Unit::Provider, 1, Key::Prompt)?;
    /// assert_eq!(by_provider.of(0).iter().map(|t| (t.key, t.succeeded, t.n)).collect::<Vec<_>>(),
    ///            [(3, 0, 2), (7, 3, 4)]);
    /// # Ok::<(), caveat_analysis::NotEstimable>(())
    /// ```
    ///
    /// # Errors
    /// `OutOfRange` for a unit at or beyond `units`, or more successes than traces.
    pub fn new(cells: &[PromptCell], unit: Unit, units: usize, key: Key) -> Estimable<Self> {
        let mut unlabelled = vec![0_u64; units];
        let mut order: Vec<(u32, u32, u32, u32)> = Vec::with_capacity(cells.len());
        for cell in cells.iter().filter(|c| c.n > 0) {
            let owner = cell.unit(unit);
            let missing = usize::try_from(owner)
                .ok()
                .and_then(|place| unlabelled.get_mut(place))
                .ok_or(NotEstimable::OutOfRange)?;
            if cell.succeeded > cell.n {
                return Err(NotEstimable::OutOfRange);
            }
            match cell.key(key) {
                Some(label) => order.push((owner, label, cell.succeeded, cell.n)),
                None => *missing = missing.saturating_add(u64::from(cell.n)),
            }
        }
        order.sort_unstable();
        Ok(Self::merged(&order, unlabelled))
    }

    fn merged(order: &[(u32, u32, u32, u32)], unlabelled: Vec<u64>) -> Self {
        let mut starts = Vec::with_capacity(unlabelled.len() + 1);
        let mut rows: Vec<Tally> = Vec::new();
        starts.push(0);
        let mut owners = order.chunk_by(|a, b| a.0 == b.0).peekable();
        for place in 0..unlabelled.len() {
            let own = owners.next_if(|chunk| {
                chunk
                    .first()
                    .is_some_and(|cell| usize::try_from(cell.0) == Ok(place))
            });
            for chunk in own.unwrap_or_default().chunk_by(|a, b| a.1 == b.1) {
                rows.push(Tally {
                    key: chunk.first().map_or(0, |cell| cell.1),
                    succeeded: chunk.iter().map(|cell| u64::from(cell.2)).sum(),
                    n: chunk.iter().map(|cell| u64::from(cell.3)).sum(),
                });
            }
            starts.push(rows.len());
        }
        Tallies {
            starts,
            rows,
            unlabelled,
        }
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.unlabelled.len()
    }

    /// The totals of one unit in order of key; none for a unit that is not there.
    pub fn of(&self, unit: usize) -> &[Tally] {
        let place = |i: usize| self.starts.get(i).copied();
        place(unit)
            .zip(place(unit + 1))
            .and_then(|(from, to)| self.rows.get(from..to))
            .unwrap_or_default()
    }

    /// Traces of one unit whose key the corpus does not state.
    pub fn unlabelled(&self, unit: usize) -> u64 {
        self.unlabelled.get(unit).copied().unwrap_or(0)
    }
}

/// All traces of a list of totals.
///
/// # Errors
/// `NoTraces` for an empty list.
pub fn total(tallies: &[Tally]) -> Estimable<Count> {
    let add = |pick: fn(&Tally) -> u64| tallies.iter().map(pick).fold(0, u64::saturating_add);
    Count::new(add(|t| t.succeeded), add(|t| t.n))
}

/// The totals whose key both lists hold, side by side.
pub fn common<'a>(a: &'a [Tally], b: &'a [Tally]) -> impl Iterator<Item = (&'a Tally, &'a Tally)> {
    outer(a, b).filter_map(|(left, right)| left.zip(right))
}

/// The totals of both lists side by side, in order of key.
pub(crate) fn outer<'a>(
    a: &'a [Tally],
    b: &'a [Tally],
) -> impl Iterator<Item = (Option<&'a Tally>, Option<&'a Tally>)> {
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    std::iter::from_fn(move || match (left.peek(), right.peek()) {
        (None, None) => None,
        (Some(_), None) => Some((left.next(), None)),
        (None, Some(_)) => Some((None, right.next())),
        (Some(x), Some(y)) => Some(match x.key.cmp(&y.key) {
            std::cmp::Ordering::Less => (left.next(), None),
            std::cmp::Ordering::Greater => (None, right.next()),
            std::cmp::Ordering::Equal => (left.next(), right.next()),
        }),
    })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Tally;

    /// Totals under the keys 0, 1, 2 and so on, from successes and traces.
    pub(crate) fn tallies(counts: &[(u64, u64)]) -> Vec<Tally> {
        (0_u32..)
            .zip(counts)
            .map(|(key, (succeeded, n))| Tally {
                key,
                succeeded: *succeeded,
                n: *n,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cell(model: u32, provider: u32, prompt: u32, succeeded: u32, n: u32) -> PromptCell {
        PromptCell {
            model,
            provider,
            prompt,
            harm_category: (prompt < 5).then_some(prompt % 2),
            technique: None,
            succeeded,
            n,
        }
    }

    #[test]
    fn the_order_of_the_cells_changes_nothing_and_empty_cells_do_not_count() {
        let mut cells = vec![
            cell(0, 1, 9, 1, 1),
            cell(1, 0, 2, 0, 3),
            cell(2, 1, 9, 0, 2),
            cell(2, 1, 1, 1, 2),
            cell(2, 1, 4, 0, 0),
        ];
        let first = Tallies::new(&cells, Unit::Provider, 3, Key::Prompt).unwrap();
        cells.reverse();
        let second = Tallies::new(&cells, Unit::Provider, 3, Key::Prompt).unwrap();
        assert_eq!(first, second);
        let rows: Vec<_> = first
            .of(1)
            .iter()
            .map(|t| (t.key, t.succeeded, t.n))
            .collect();
        assert_eq!(rows, [(1, 1, 2), (9, 1, 3)]);
        assert!(first.of(2).is_empty() && first.of(7).is_empty());
    }

    #[test]
    fn traces_without_a_label_are_counted_apart() {
        let cells = [cell(0, 0, 9, 1, 4), cell(0, 0, 1, 1, 2)];
        let by = Tallies::new(&cells, Unit::Provider, 1, Key::HarmCategory).unwrap();
        assert_eq!((by.of(0).len(), by.unlabelled(0)), (1, 4));
        let none = Tallies::new(&cells, Unit::Model, 1, Key::Technique).unwrap();
        assert_eq!((none.of(0).len(), none.unlabelled(0)), (0, 6));
    }

    #[test]
    fn a_cell_that_cannot_be_is_refused() {
        let out = Err(NotEstimable::OutOfRange);
        let beyond = Tallies::new(&[cell(0, 3, 1, 0, 1)], Unit::Provider, 3, Key::Prompt);
        assert_eq!(beyond, out);
        let too_many = Tallies::new(&[cell(0, 0, 1, 2, 1)], Unit::Provider, 3, Key::Prompt);
        assert_eq!(too_many, out);
    }
}
