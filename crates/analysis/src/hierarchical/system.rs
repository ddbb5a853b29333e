//! The penalised normal equations, solved by eliminating the largest factor.
//!
//! With effects scaled to unit variance the matrix is `H = I + S Z'WZ S`, `S`
//! the standard deviations and `W` the binomial weights (Bates et al. 2015,
//! eq. 20 onwards). The block of the eliminated factor is diagonal; what is
//! left is its Schur complement over the other levels.

use crate::reason::Estimable;

use super::{cholesky::Cholesky, design::Design};

/// `H`, factored.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// Diagonal of the eliminated block.
    diagonal: Vec<f64>,
    /// The block between eliminated and other levels, per slot.
    cross: Vec<f64>,
    /// The Schur complement.
    schur: Cholesky,
}

/// Entries of the inverse of `H` that occur within a cell.
pub(crate) struct Inverse {
    dense: Vec<f64>,
    /// Between an eliminated level and the other levels it meets, per slot.
    cross: Vec<f64>,
    eliminated: Vec<f64>,
}

impl System {
    /// Assembles and factors `H` for the given weights.
    ///
    /// # Errors
    /// `SingularFit` when the weights are not finite.
    pub(crate) fn new(design: &Design, sd: &[f64], weights: &[f64]) -> Estimable<Self> {
        let m = design.dense;
        let eliminated = design.eliminated;
        let mut diagonal = vec![0.0; design.levels[eliminated]];
        for (p, w) in design.place[eliminated].iter().zip(weights) {
            diagonal[p - m] += w;
        }
        let variance = sd[eliminated] * sd[eliminated];
        for d in &mut diagonal {
            *d = 1.0 + variance * *d;
        }
        let mut cross = vec![0.0; design.slot_place.len()];
        for slots in &design.slot {
            for (s, w) in slots.iter().zip(weights) {
                cross[*s] += w;
            }
        }
        for (c, place) in cross.iter_mut().zip(&design.slot_place) {
            *c *= sd[eliminated] * sd[design.factor_of[*place]];
        }
        let schur = Cholesky::new(complement(design, sd, weights, &diagonal, &cross), m)?;
        Ok(System {
            diagonal,
            cross,
            schur,
        })
    }

    /// Logarithm of the determinant of `H`.
    pub(crate) fn log_determinant(&self) -> f64 {
        self.diagonal.iter().map(|d| libm::log(*d)).sum::<f64>() + self.schur.log_determinant()
    }

    /// Solves `H x = b` in place.
    pub(crate) fn solve(&self, design: &Design, b: &mut [f64]) {
        let (dense, own) = b.split_at_mut(design.dense);
        for (q, (slots, d)) in self.by_level(design).enumerate() {
            let scaled = own[q] / d;
            for (c, place) in slots {
                dense[*place] -= c * scaled;
            }
        }
        self.schur.solve(dense);
        for (q, (slots, d)) in self.by_level(design).enumerate() {
            let met: f64 = slots.map(|(c, place)| c * dense[*place]).sum();
            own[q] = (own[q] - met) / d;
        }
    }

    /// Per eliminated level: its slots (cross entry, dense place) and diagonal.
    fn by_level<'a>(
        &'a self,
        design: &'a Design,
    ) -> impl Iterator<Item = (impl Iterator<Item = (&'a f64, &'a usize)>, f64)> {
        design
            .first_slot
            .windows(2)
            .zip(&self.diagonal)
            .map(|(range, d)| {
                let range = range[0]..range[1];
                let slots = self.cross[range.clone()]
                    .iter()
                    .zip(&design.slot_place[range]);
                (slots, *d)
            })
    }

    /// The entries of the inverse that occur within a cell.
    pub(crate) fn inverse(&self, design: &Design) -> Inverse {
        let m = design.dense;
        let dense = self.schur.inverse();
        let mut cross = vec![0.0; self.cross.len()];
        let mut eliminated = Vec::with_capacity(self.diagonal.len());
        for (range, d) in design.first_slot.windows(2).zip(&self.diagonal) {
            let range = range[0]..range[1];
            let places = &design.slot_place[range.clone()];
            let own = &self.cross[range.clone()];
            let mut quadratic = 0.0;
            for ((out, place), c) in cross[range].iter_mut().zip(places).zip(own) {
                let row = &dense[place * m..(place + 1) * m];
                let v: f64 = own.iter().zip(places).map(|(c, p)| c * row[*p]).sum();
                quadratic += c * v;
                *out = -v / d;
            }
            eliminated.push(1.0 / d + quadratic / (d * d));
        }
        Inverse {
            dense,
            cross,
            eliminated,
        }
    }
}

/// The Schur complement's lower triangle.
fn complement(
    design: &Design,
    sd: &[f64],
    weights: &[f64],
    diagonal: &[f64],
    cross: &[f64],
) -> Vec<f64> {
    let m = design.dense;
    let mut a = vec![0.0; m * m];
    let others: Vec<usize> = (0..design.factors())
        .filter(|f| *f != design.eliminated)
        .collect();
    // Dense places rise with the factor's number, so the later factor is the row.
    for (k, row_factor) in others.iter().enumerate() {
        for column_factor in &others[..=k] {
            let scale = sd[*row_factor] * sd[*column_factor];
            let (rows, columns) = (&design.place[*row_factor], &design.place[*column_factor]);
            for ((r, c), w) in rows.iter().zip(columns).zip(weights) {
                a[r * m + c] += scale * w;
            }
        }
    }
    for (range, d) in design.first_slot.windows(2).zip(diagonal) {
        let places = &design.slot_place[range[0]..range[1]];
        let own = &cross[range[0]..range[1]];
        for (i, (row, c)) in places.iter().zip(own).enumerate() {
            let scaled = c / d;
            let entries = &mut a[row * m..(row + 1) * m];
            for (column, other) in places[..=i].iter().zip(own) {
                entries[*column] -= scaled * other;
            }
        }
    }
    for i in 0..m {
        a[i * m + i] += 1.0;
    }
    a
}

impl Inverse {
    /// The entry between two factors' effects of one cell.
    pub(crate) fn within(&self, design: &Design, cell: usize, f: usize, g: usize) -> f64 {
        let e = design.eliminated;
        match (f == e, g == e) {
            (true, true) => self.eliminated[design.place[e][cell] - design.dense],
            (true, false) => self.cross[design.slot[g][cell]],
            (false, true) => self.cross[design.slot[f][cell]],
            (false, false) => {
                self.dense[design.place[f][cell] * design.dense + design.place[g][cell]]
            }
        }
    }

    /// A diagonal entry.
    pub(crate) fn diagonal(&self, design: &Design, place: usize) -> f64 {
        match place.checked_sub(design.dense) {
            Some(q) => self.eliminated[q],
            None => self.dense[place * design.dense + place],
        }
    }
}
