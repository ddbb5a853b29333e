//! What is asked of a method in a world, and what came of it.
//!
//! A question has one number for each world: 1 or 0 for an interval that holds
//! the truth or a test that gives an alarm, a share where one world asks it of
//! several models, a distance for a bias. The mean over the worlds is the figure;
//! its Monte Carlo error is the standard deviation between worlds over the root
//! of their number, and never less than one world in all.

use caveat_analysis::sums::{count, sum};

/// Whose method it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// What caveat prints.
    Caveat,
    /// What the published report did.
    Published,
    /// What is customary elsewhere and caveat does not print as the headline.
    Customary,
}

impl Whose {
    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Whose::Caveat => "caveat",
            Whose::Published => "published",
            Whose::Customary => "customary",
        }
    }
}

/// What the method says of itself in this world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// Coverage within one point of this.
    Coverage(f64),
    /// Coverage of this or more, less one point.
    CoverageAtLeast(f64),
    /// False alarms within one point of this.
    Alarms(f64),
    /// False alarms of this or fewer, plus one point.
    AlarmsAtMost(f64),
    /// A mean error within two points of zero.
    Unbiased,
    /// Coverage, of which nothing is promised in this world.
    NoCoverage(f64),
    /// Alarms, of which nothing is promised in this world.
    NoAlarms(f64),
    /// A mean error, of which nothing is promised.
    Biased,
    /// How often something is found that is there. The more the better.
    Found,
}

/// Half the width of the band about a nominal figure.
pub const BAND: f64 = 0.01;
/// The same for a mean error.
pub const BIAS_BAND: f64 = 0.02;

impl Promise {
    /// The range that keeps the promise; none where nothing is promised.
    pub fn range(self) -> Option<(f64, f64)> {
        match self {
            Promise::Coverage(x) | Promise::Alarms(x) => Some((x - BAND, x + BAND)),
            Promise::CoverageAtLeast(x) => Some((x - BAND, 1.0)),
            Promise::AlarmsAtMost(x) => Some((0.0, x + BAND)),
            Promise::Unbiased => Some((-BIAS_BAND, BIAS_BAND)),
            _ => None,
        }
    }

    /// What is counted.
    pub fn counted(self) -> Counted {
        match self {
            Promise::Coverage(_) | Promise::CoverageAtLeast(_) | Promise::NoCoverage(_) => {
                Counted::Coverage
            }
            Promise::Alarms(_) | Promise::AlarmsAtMost(_) | Promise::NoAlarms(_) => Counted::Alarms,
            Promise::Unbiased | Promise::Biased => Counted::Bias,
            Promise::Found => Counted::Found,
        }
    }

    /// The nominal figure, where there is one.
    pub fn nominal(self) -> Option<f64> {
        match self {
            Promise::Coverage(x)
            | Promise::CoverageAtLeast(x)
            | Promise::NoCoverage(x)
            | Promise::Alarms(x)
            | Promise::AlarmsAtMost(x)
            | Promise::NoAlarms(x) => Some(x),
            Promise::Unbiased | Promise::Biased => Some(0.0),
            Promise::Found => None,
        }
    }
}

/// What a question counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Intervals or sets that hold the truth.
    Coverage,
    /// Findings where nothing is there.
    Alarms,
    /// Mean estimate less the truth.
    Bias,
    /// Findings where something is there.
    Found,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Short id, unique within its world.
    pub id: &'static str,
    /// The method, in words.
    pub method: &'static str,
    /// Whose it is.
    pub whose: Whose,
    /// What it promises.
    pub promise: Promise,
    /// Why it does not hold here, or what to make of it; a sentence.
    pub because: &'static str,
}

/// A kind of world with the questions asked of it.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Short id, unique.
    pub id: &'static str,
    /// Name in tables.
    pub title: &'static str,
    /// How it is made, a sentence or two.
    pub about: &'static str,
    /// Seed of its streams.
    pub seed: u64,
    /// Worlds in the long study.
    pub worlds: u32,
    /// Worlds in the short one.
    pub short: u32,
    /// The questions, in the order of the answers.
    pub questions: &'static [Question],
}

/// The answer to one question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The question.
    pub question: &'static str,
    /// Mean over the worlds that had an answer.
    pub mean: f64,
    /// Its Monte Carlo error.
    pub error: f64,
    /// Worlds with an answer.
    pub answered: usize,
    /// Worlds.
    pub worlds: usize,
}

impl Measured {
    /// Sums the answers up.
    pub fn new(question: &'static str, answers: &[Option<f64>]) -> Self {
        let given: Vec<f64> = answers.iter().flatten().copied().collect();
        let n = count(given.len().max(1));
        let mean = sum(given.iter().copied()) / n;
        let squares = sum(given.iter().map(|v| (v - mean) * (v - mean)));
        let deviation = libm::sqrt(squares / (n - 1.0).max(1.0));
        Measured {
            question,
            mean,
            error: (deviation / libm::sqrt(n)).max(1.0 / n),
            answered: given.len(),
            worlds: answers.len(),
        }
    }

    /// Share of the worlds in which the method gave no answer.
    pub fn refused(&self) -> f64 {
        1.0 - count(self.answered) / count(self.worlds.max(1))
    }
}

/// How a promise fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The figure lies in the range.
    Holds,
    /// Outside, by less than two Monte Carlo errors.
    Edge,
    /// Outside on the side that misleads: too little coverage, too many alarms.
    Fails,
    /// Outside on the safe side: more coverage, fewer alarms.
    Cautious,
    /// Nothing was promised.
    NotPromised,
}

impl Verdict {
    /// Judges a figure.
    pub fn of(promise: Promise, measured: &Measured) -> Self {
        let Some((low, high)) = promise.range() else {
            return Verdict::NotPromised;
        };
        let m = measured.mean;
        if measured.answered == 0 {
            return Verdict::Fails;
        }
        if (low..=high).contains(&m) {
            return Verdict::Holds;
        }
        let far = (low - m).max(m - high);
        if far < 2.0 * measured.error {
            return Verdict::Edge;
        }
        let safe = match promise.counted() {
            Counted::Coverage => m > high,
            Counted::Alarms => m < low,
            Counted::Bias | Counted::Found => false,
        };
        if safe {
            Verdict::Cautious
        } else {
            Verdict::Fails
        }
    }

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Edge => "at the edge",
            Verdict::Fails => "**does not hold**",
            Verdict::Cautious => "wider than it need be",
            Verdict::NotPromised => "not promised",
        }
    }
}

/// A world with its answers.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The world.
    pub world: &'static World,
    /// One answer for each question.
    pub measured: Vec<Measured>,
}

impl Outcome {
    /// Questions with their answers.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Question, &Measured)> {
        self.world.questions.iter().zip(&self.measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(ones: usize, of: usize) -> Measured {
        let answers: Vec<Option<f64>> = (0..of)
            .map(|i| Some(f64::from(u8::from(i < ones))))
            .collect();
        Measured::new("q", &answers)
    }

    #[test]
    fn the_error_is_that_of_a_share_and_never_nothing() {
        let half = measured(50, 100);
        assert!((half.mean - 0.5).abs() < 1e-12 && (half.error - 0.050_25).abs() < 1e-4);
        assert_eq!(measured(100, 100).error, 0.01);
    }

    #[test]
    fn worlds_without_an_answer_are_counted_apart() {
        let m = Measured::new("q", &[Some(1.0), None, Some(1.0), None]);
        assert_eq!(
            (m.mean, m.answered, m.worlds, m.refused()),
            (1.0, 2, 4, 0.5)
        );
        let none = Measured::new("q", &[None, None]);
        assert_eq!(Verdict::of(Promise::Alarms(0.05), &none), Verdict::Fails);
    }

    #[test]
    fn too_little_coverage_fails_and_too_much_is_cautious() {
        let of = |ones, promise| Verdict::of(promise, &measured(ones, 1000));
        assert_eq!(of(950, Promise::Coverage(0.95)), Verdict::Holds);
        assert_eq!(of(900, Promise::Coverage(0.95)), Verdict::Fails);
        assert_eq!(of(935, Promise::Coverage(0.95)), Verdict::Edge);
        assert_eq!(of(990, Promise::Coverage(0.95)), Verdict::Cautious);
        assert_eq!(of(990, Promise::CoverageAtLeast(0.95)), Verdict::Holds);
        assert_eq!(of(120, Promise::Alarms(0.05)), Verdict::Fails);
        assert_eq!(of(10, Promise::Alarms(0.05)), Verdict::Cautious);
        assert_eq!(of(10, Promise::AlarmsAtMost(0.05)), Verdict::Holds);
        assert_eq!(of(10, Promise::NoAlarms(0.05)), Verdict::NotPromised);
    }
}
