//! Random orders, the same on every platform and for any number of threads.
//!
//! Relabellings are drawn in blocks of [`BLOCK`]; each block has its own
//! ChaCha8 stream (seed and pass give the key, the block's number the stream)
//! and starts from the same order, so a block does not depend on which thread
//! draws it or on the blocks before it. Orders come from the Fisher-Yates
//! shuffle; places in it from Lemire's (2019) multiplication method with
//! rejection, which favours no place. Nothing here reads a clock or the system's
//! randomness.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Relabellings per stream. Setting a stream up costs as much as a few
/// relabellings, and 20,000 relabellings still make 79 blocks to share out.
pub const BLOCK: usize = 256;

/// Which law a stream is drawn for, so that two laws never share random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Models in scale.
    InScale,
    /// All included models.
    AllModels,
    /// Providers with two or more models in scale.
    TwoPlus,
    /// Providers dealt anew, size and rate of a model kept together.
    TogetherLabels,
    /// Distances from the size line shuffled (Freedman and Lane).
    TogetherResiduals,
    /// Providers dealt anew without the most influential model.
    WithoutOne,
    /// Providers of whole models dealt anew, for shares of single traces.
    TraceLabels,
    /// Graders' errors.
    GraderError,
    /// Chains of a posterior.
    Posterior,
    /// Estimates drawn about their values, for confidence sets of ranks.
    RankErrors,
    /// Providers of a design that is planned, for the power of its test.
    PlannedProviders,
    /// Models dealt anew under every specification at once.
    Specifications,
    /// Signs of the differences of pairs.
    Signs,
    /// Clusters drawn with replacement.
    Bootstrap,
    /// Worlds that are made up, to see how often a method is right.
    Worlds,
}

impl Pass {
    fn tag(self) -> u8 {
        match self {
            Pass::InScale => 1,
            Pass::AllModels => 2,
            Pass::TwoPlus => 3,
            Pass::TogetherLabels => 51,
            Pass::TogetherResiduals => 52,
            Pass::TraceLabels => 53,
            Pass::WithoutOne => 54,
            Pass::GraderError => 14,
            Pass::Posterior => 30,
            Pass::RankErrors => 131,
            Pass::PlannedProviders => 150,
            Pass::Specifications => 170,
            Pass::Signs => 191,
            Pass::Bootstrap => 192,
            Pass::Worlds => 200,
        }
    }
}

/// One block's source of random orders.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// The stream of a block. The key is the seed's eight bytes, lowest first,
    /// the pass's number, and zeros.
    pub fn new(seed: u64, pass: Pass, block: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = pass.tag();
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(block);
        Stream { rng }
    }

    /// The stream as a generator, for a sampler that brings its own laws.
    pub(crate) fn into_rng(self) -> ChaCha8Rng {
        self.rng
    }

    /// Puts `order` into a random order; each is equally likely.
    ///
    /// More than 2^32 entries are never asked for; entries beyond would keep
    /// their places.
    pub fn shuffle(&mut self, order: &mut [usize]) {
        let length = u32::try_from(order.len()).unwrap_or(u32::MAX);
        let mut last = order
            .len()
            .min(usize::try_from(length).unwrap_or(usize::MAX));
        let mut bound = length;
        while bound > 1 {
            last -= 1;
            let chosen = self.below(bound);
            order.swap(last, usize::try_from(chosen).unwrap_or(last));
            bound -= 1;
        }
    }

    /// Sixty-four random bits.
    pub fn word(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A whole number below `bound` (at least 1), each equally likely.
    pub fn below(&mut self, bound: u32) -> u32 {
        let mut word = self.rng.next_u32();
        if word.wrapping_mul(bound) < bound {
            // Words whose low half falls short of 2^32 mod bound would favour
            // some places; they are drawn again.
            let short = bound.wrapping_neg() % bound;
            while word.wrapping_mul(bound) < short {
                word = self.rng.next_u32();
            }
        }
        let high = (u64::from(word) * u64::from(bound)) >> 32;
        u32::try_from(high).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_order_of_four_is_equally_likely() {
        let mut seen: BTreeMap<[usize; 4], u32> = BTreeMap::new();
        let mut stream = Stream::new(164, Pass::InScale, 0);
        let mut order = [0, 1, 2, 3];
        for _ in 0..24_000 {
            stream.shuffle(&mut order);
            *seen.entry(order).or_default() += 1;
        }
        assert_eq!(seen.len(), 24);
        // Standard deviation 31 around 1000; five of them either way.
        assert!(seen.values().all(|n| (845..=1155).contains(n)), "{seen:?}");
    }

    #[test]
    fn a_stream_depends_on_seed_pass_and_block_and_on_nothing_else() {
        let first = |seed, pass, block| {
            let mut order: Vec<usize> = (0..30).collect();
            Stream::new(seed, pass, block).shuffle(&mut order);
            order
        };
        assert_eq!(first(1, Pass::InScale, 5), first(1, Pass::InScale, 5));
        assert_ne!(first(1, Pass::InScale, 5), first(2, Pass::InScale, 5));
        assert_ne!(first(1, Pass::InScale, 5), first(1, Pass::TwoPlus, 5));
        assert_ne!(first(1, Pass::InScale, 5), first(1, Pass::InScale, 6));
    }

    #[test]
    fn the_first_words_of_a_stream_never_change() {
        let mut order: Vec<usize> = (0..8).collect();
        Stream::new(164, Pass::InScale, 0).shuffle(&mut order);
        let again = order.clone();
        order.sort_unstable();
        assert_eq!(order, (0..8).collect::<Vec<_>>());
        assert_eq!(again, PINNED, "published p-values depend on this order");
    }

    /// Worked out with a second implementation of ChaCha8, in Python.
    const PINNED: [usize; 8] = [6, 3, 7, 0, 1, 4, 5, 2];

    #[test]
    fn nothing_and_one_entry_stay_as_they_are() {
        let mut stream = Stream::new(1, Pass::InScale, 0);
        stream.shuffle(&mut []);
        let mut one = [7];
        stream.shuffle(&mut one);
        assert_eq!(one, [7]);
    }
}
