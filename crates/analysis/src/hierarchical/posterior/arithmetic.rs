//! The sampler's vectors in plain loops.
//!
//! nuts-rs brings vector operations that choose their instructions, and with
//! them the order of additions, by the processor they run on; a chain would
//! differ in its last bits, and soon in everything, from one machine to the
//! next. These loops add up in the order written. Normal numbers come from the
//! polar method (Marsaglia and Bray 1964) with `libm`. What belongs to
//! samplers that are not used here answers with an unchanged copy.

use std::collections::HashMap;

use nuts_rs::{HasDims, LogpError, Math, rand::Rng};

use super::density::Density;

/// A position at which the density is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the density is not finite at this position")]
pub(crate) struct NotFinite;

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

/// The density with the arithmetic that the sampler asks for.
pub(crate) struct Arithmetic(pub(crate) Density);

impl HasDims for Arithmetic {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("dim".to_owned(), self.0.dimension() as u64)])
    }
}

/// A standard normal number.
pub(crate) fn standard_normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let (u, v) = (signed_unit(rng), signed_unit(rng));
        let s = u * u + v * v;
        if s < 1.0 && s > 0.0 {
            return u * libm::sqrt(-2.0 * libm::log(s) / s);
        }
    }
}

/// Uniform between -1 and 1.
fn signed_unit<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    let word = (rng.next_u64() >> 11) as f64;
    2.0 * (word + 0.5) * UNIT - 1.0
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

/// A scale and its inverse from a variance, kept within bounds.
fn set_scale(std: &mut f64, inverse: &mut f64, variance: f64, clamp: (f64, f64)) {
    let variance = variance.max(clamp.0).min(clamp.1);
    *std = libm::sqrt(variance);
    *inverse = libm::sqrt(1.0 / variance);
}

/// The same, with a value in the place of a variance that is none; without one
/// the scale stays.
fn set_scale_or(
    std: &mut f64,
    inverse: &mut f64,
    variance: f64,
    fill: Option<f64>,
    clamp: (f64, f64),
) {
    if variance.is_finite() && variance != 0.0 {
        set_scale(std, inverse, variance, clamp);
    } else if let Some(fill) = fill {
        set_scale(std, inverse, fill, (0.0, f64::MAX));
    }
}

impl Math for Arithmetic {
    type Vector = Vec<f64>;
    type EigVectors = ();
    type EigValues = Vec<f64>;
    type LogpErr = NotFinite;
    type Err = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn new_array(&mut self) -> Vec<f64> {
        vec![0.0; self.0.dimension()]
    }

    fn new_eig_vectors<'a>(&'a mut self, _: impl ExactSizeIterator<Item = &'a [f64]>) {}

    fn new_eig_values(&mut self, vals: &[f64]) -> Vec<f64> {
        vals.to_vec()
    }

    fn logp_array(
        &mut self,
        position: &Vec<f64>,
        gradient: &mut Vec<f64>,
    ) -> Result<f64, NotFinite> {
        self.logp(position, gradient)
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        let value = self.0.evaluate(position, gradient);
        if value.is_finite() && gradient.iter().all(|g| g.is_finite()) {
            Ok(value)
        } else {
            Err(NotFinite)
        }
    }

    fn init_position<R: Rng + ?Sized>(
        &mut self,
        rng: &mut R,
        position: &mut Vec<f64>,
        gradient: &mut Vec<f64>,
    ) -> Result<f64, NotFinite> {
        position.iter_mut().for_each(|x| *x = signed_unit(rng));
        self.logp(position, gradient)
    }

    fn expand_vector<R: Rng + ?Sized>(
        &mut self,
        _: &mut R,
        array: &Vec<f64>,
    ) -> Result<Vec<f64>, NotFinite> {
        Ok(array.clone())
    }

    fn dim(&self) -> usize {
        self.0.dimension()
    }

    fn scalar_prods3(
        &mut self,
        positive1: &Vec<f64>,
        negative1: &Vec<f64>,
        positive2: &Vec<f64>,
        x: &Vec<f64>,
        y: &Vec<f64>,
    ) -> (f64, f64) {
        let total: Vec<f64> = positive1
            .iter()
            .zip(negative1.iter().zip(positive2))
            .map(|(p, (n, q))| p - n + q)
            .collect();
        (dot(&total, x), dot(&total, y))
    }

    fn scalar_prods2(
        &mut self,
        positive1: &Vec<f64>,
        positive2: &Vec<f64>,
        x: &Vec<f64>,
        y: &Vec<f64>,
    ) -> (f64, f64) {
        let total: Vec<f64> = positive1
            .iter()
            .zip(positive2)
            .map(|(p, q)| p + q)
            .collect();
        (dot(&total, x), dot(&total, y))
    }

    fn sq_norm_sum(&mut self, x: &Vec<f64>, y: &Vec<f64>) -> f64 {
        x.iter().zip(y).map(|(a, b)| (a + b) * (a + b)).sum()
    }

    fn read_from_slice(&mut self, dest: &mut Vec<f64>, source: &[f64]) {
        dest.copy_from_slice(source);
    }

    fn write_to_slice(&mut self, source: &Vec<f64>, dest: &mut [f64]) {
        dest.copy_from_slice(source);
    }

    fn eigs_as_array(&mut self, source: &Vec<f64>) -> Box<[f64]> {
        source.clone().into()
    }

    fn copy_into(&mut self, array: &Vec<f64>, dest: &mut Vec<f64>) {
        dest.clone_from(array);
    }

    fn axpy_out(&mut self, x: &Vec<f64>, y: &Vec<f64>, a: f64, out: &mut Vec<f64>) {
        for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(y)) {
            *out = a * x + y;
        }
    }

    fn axpy(&mut self, x: &Vec<f64>, y: &mut Vec<f64>, a: f64) {
        for (y, x) in y.iter_mut().zip(x) {
            *y += a * x;
        }
    }

    fn array_sum_ln(&mut self, array: &Vec<f64>) -> f64 {
        array.iter().map(|x| libm::log(*x)).sum()
    }

    fn fill_array(&mut self, array: &mut Vec<f64>, val: f64) {
        array.fill(val);
    }

    fn array_all_finite(&mut self, array: &Vec<f64>) -> bool {
        array.iter().all(|x| x.is_finite())
    }

    fn array_all_finite_and_nonzero(&mut self, array: &Vec<f64>) -> bool {
        array.iter().all(|x| x.is_finite() && *x != 0.0)
    }

    fn array_mult(&mut self, array1: &Vec<f64>, array2: &Vec<f64>, dest: &mut Vec<f64>) {
        for (out, (x, y)) in dest.iter_mut().zip(array1.iter().zip(array2)) {
            *out = x * y;
        }
    }

    fn array_mult_inplace(&mut self, array1: &mut Vec<f64>, array2: &Vec<f64>) {
        for (x, y) in array1.iter_mut().zip(array2) {
            *x *= y;
        }
    }

    fn array_recip(&mut self, array: &Vec<f64>, dest: &mut Vec<f64>) {
        for (out, x) in dest.iter_mut().zip(array) {
            *out = 1.0 / x;
        }
    }

    fn array_softclip(&mut self, array: &mut Vec<f64>, clip: f64) {
        for x in array {
            *x = clip * libm::asinh(*x / clip);
        }
    }

    fn apply_lowrank_transform(
        &mut self,
        (): &(),
        _: &Vec<f64>,
        rhs: &Vec<f64>,
        dest: &mut Vec<f64>,
    ) {
        dest.clone_from(rhs);
    }

    fn apply_lowrank_transform_inplace(&mut self, (): &(), _: &Vec<f64>, _: &mut Vec<f64>) {}

    fn array_mult_eigs(
        &mut self,
        stds: &Vec<f64>,
        rhs: &Vec<f64>,
        dest: &mut Vec<f64>,
        (): &(),
        _: &Vec<f64>,
    ) {
        for (out, (s, x)) in dest.iter_mut().zip(stds.iter().zip(rhs)) {
            *out = s * s * x;
        }
    }

    fn std_norm_flow(
        &mut self,
        pos: &Vec<f64>,
        pos_out: &mut Vec<f64>,
        vel: &mut Vec<f64>,
        epsilon: f64,
    ) {
        let (sin, cos) = (libm::sin(epsilon), libm::cos(epsilon));
        for (out, (p, v)) in pos_out.iter_mut().zip(pos.iter().zip(vel)) {
            *out = p * cos + *v * sin;
            *v = *v * cos - p * sin;
        }
    }

    fn std_norm_grad_flow(
        &mut self,
        pos: &Vec<f64>,
        grad: &Vec<f64>,
        vel: &Vec<f64>,
        vel_out: &mut Vec<f64>,
        epsilon: f64,
    ) {
        vel_out.clone_from(vel);
        self.std_norm_grad_flow_inplace(pos, grad, vel_out, epsilon);
    }

    fn std_norm_grad_flow_inplace(
        &mut self,
        pos: &Vec<f64>,
        grad: &Vec<f64>,
        vel: &mut Vec<f64>,
        epsilon: f64,
    ) {
        for (v, (p, g)) in vel.iter_mut().zip(pos.iter().zip(grad)) {
            *v += epsilon * (p + g);
        }
    }

    fn array_normalize(&mut self, v: &mut Vec<f64>) {
        let norm = libm::sqrt(dot(v, v));
        if norm > 1e-300 {
            v.iter_mut().for_each(|x| *x /= norm);
        }
    }

    fn esh_momentum_update(&mut self, _: &Vec<f64>, _: &mut Vec<f64>, _: f64) -> f64 {
        0.0
    }

    fn array_vector_dot(&mut self, array1: &Vec<f64>, array2: &Vec<f64>) -> f64 {
        dot(array1, array2)
    }

    fn array_gaussian<R: Rng + ?Sized>(
        &mut self,
        rng: &mut R,
        dest: &mut Vec<f64>,
        stds: &Vec<f64>,
    ) {
        for (out, s) in dest.iter_mut().zip(stds) {
            *out = s * standard_normal(rng);
        }
    }

    fn array_gaussian_eigs<R: Rng + ?Sized>(
        &mut self,
        rng: &mut R,
        dest: &mut Vec<f64>,
        scale: &Vec<f64>,
        _: &Vec<f64>,
        (): &(),
    ) {
        self.array_gaussian(rng, dest, scale);
    }

    fn array_update_variance(
        &mut self,
        mean: &mut Vec<f64>,
        variance: &mut Vec<f64>,
        value: &Vec<f64>,
        diff_scale: f64,
    ) {
        // As nuts-rs has it: the difference to the mean before the update.
        for (x, (mean, variance)) in value.iter().zip(mean.iter_mut().zip(variance)) {
            let gap = x - *mean;
            *mean += gap * diff_scale;
            *variance += gap * gap;
        }
    }

    fn array_update_var_inv_std_draw(
        &mut self,
        inv_std: &mut Vec<f64>,
        std: &mut Vec<f64>,
        draw_var: &Vec<f64>,
        scale: f64,
        fill_invalid: Option<f64>,
        clamp: (f64, f64),
    ) {
        for (variance, (std, inverse)) in draw_var.iter().zip(std.iter_mut().zip(inv_std)) {
            let variance = variance * scale;
            set_scale_or(std, inverse, variance, fill_invalid, clamp);
        }
    }

    fn array_update_var_inv_std_draw_grad(
        &mut self,
        inv_std: &mut Vec<f64>,
        std: &mut Vec<f64>,
        draw_var: &Vec<f64>,
        grad_var: &Vec<f64>,
        fill_invalid: Option<f64>,
        clamp: (f64, f64),
    ) {
        let variances = draw_var.iter().zip(grad_var);
        for ((draw, grad), (std, inverse)) in variances.zip(std.iter_mut().zip(inv_std)) {
            let variance = libm::sqrt(draw / grad);
            set_scale_or(std, inverse, variance, fill_invalid, clamp);
        }
    }

    fn array_update_var_inv_std_grad(
        &mut self,
        inv_std: &mut Vec<f64>,
        std: &mut Vec<f64>,
        gradient: &Vec<f64>,
        fill_invalid: f64,
        clamp: (f64, f64),
    ) {
        for (g, (std, inverse)) in gradient.iter().zip(std.iter_mut().zip(inv_std)) {
            let variance = 1.0 / g.abs().max(clamp.0).min(clamp.1);
            let variance = if variance.is_finite() {
                variance
            } else {
                fill_invalid
            };
            set_scale(std, inverse, variance, (0.0, f64::MAX));
        }
    }

    fn inv_transform_normalize(
        &mut self,
        (): &(),
        _: &Vec<f64>,
        _: &Vec<f64>,
        _: &mut Vec<f64>,
        _: &mut Vec<f64>,
    ) -> Result<f64, NotFinite> {
        Err(NotFinite)
    }

    fn init_from_untransformed_position(
        &mut self,
        (): &(),
        _: &Vec<f64>,
        _: &mut Vec<f64>,
        _: &mut Vec<f64>,
        _: &mut Vec<f64>,
        _: Option<f64>,
    ) -> Result<(f64, f64), NotFinite> {
        Err(NotFinite)
    }

    fn init_from_transformed_position(
        &mut self,
        (): &(),
        _: &mut Vec<f64>,
        _: &mut Vec<f64>,
        _: &Vec<f64>,
        _: &mut Vec<f64>,
        _: Option<f64>,
    ) -> Result<(f64, f64), NotFinite> {
        Err(NotFinite)
    }

    fn update_transformation<'a, R: Rng + ?Sized>(
        &'a mut self,
        _: &mut R,
        _: impl ExactSizeIterator<Item = &'a Vec<f64>>,
        _: impl ExactSizeIterator<Item = &'a Vec<f64>>,
        _: impl ExactSizeIterator<Item = &'a f64>,
        (): &'a mut (),
    ) -> Result<(), NotFinite> {
        Err(NotFinite)
    }

    fn new_transformation<R: Rng + ?Sized>(
        &mut self,
        _: &mut R,
        _: usize,
        _: u64,
    ) -> Result<(), NotFinite> {
        Err(NotFinite)
    }

    fn init_transformation<R: Rng + ?Sized>(
        &mut self,
        _: &mut R,
        _: &Vec<f64>,
        _: &Vec<f64>,
        _: u64,
    ) -> Result<(), NotFinite> {
        Err(NotFinite)
    }

    fn transformation_id(&self, (): &()) -> Result<i64, NotFinite> {
        Err(NotFinite)
    }
}
