//! What each code of a finding or caveat means: what, why it matters, the rule
//! with its threshold, and what can be done.
//!
//! `caveat explain CODE` prints these texts. Every code that a rule can give is
//! here; a test holds the list against the rules.

/// The explanation of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Code.
    pub code: &'static str,
    /// What it says.
    pub what: &'static str,
    /// Why it matters.
    pub why_it_matters: &'static str,
    /// The rule with its threshold.
    pub rule: &'static str,
    /// What can be done.
    pub remedy: &'static str,
}

/// The explanation of a code in any case, if there is such a code.
pub fn explain(code: &str) -> Option<Explanation> {
    EXPLANATIONS
        .iter()
        .find(|known| known.code.eq_ignore_ascii_case(code.trim()))
        .copied()
}

/// Every code, in the order of the rules.
pub fn codes() -> impl Iterator<Item = &'static str> {
    EXPLANATIONS.iter().map(|known| known.code)
}

/// Most codes that [`near`] gives.
const MAX_NEAR: usize = 5;

/// Codes that a text which is none may stand for, the likeliest first: those that
/// hold it, else those that are spelled nearly so.
pub fn near(text: &str) -> Vec<&'static str> {
    // A longer text is no misspelt code, and comparing it would take long.
    const LONGEST: usize = 64;
    // Two letters stand in too many codes.
    const SHORTEST: usize = 3;
    let wanted = text.trim().to_ascii_uppercase().replace(['_', ' '], "-");
    let kinds = ["CAV-", "F-"];
    let bare = kinds.iter().find_map(|kind| wanted.strip_prefix(kind));
    let bare = bare.unwrap_or(&wanted);
    if bare.len() < SHORTEST || wanted.len() > LONGEST {
        return Vec::new();
    }
    let holding: Vec<&str> = codes().filter(|code| code.contains(bare)).collect();
    if !holding.is_empty() {
        return holding;
    }
    let distance = |code: &str| strsim::damerau_levenshtein(&wanted, code);
    let mut near: Vec<(usize, &str)> = codes()
        .map(|code| {
            let (_, name) = code.split_once('-').unwrap_or(("", code));
            (
                distance(code).min(strsim::damerau_levenshtein(bare, name)),
                code,
            )
        })
        .filter(|(distance, _)| *distance <= bare.chars().count() / 3)
        .collect();
    near.sort_unstable();
    near.into_iter()
        .take(MAX_NEAR)
        .map(|(_, code)| code)
        .collect()
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "CAV-STATUS",
        what: "The report states that its data are not what a reader would take them for.",
        why_it_matters: "A reader who does not know the status takes the figures for measurements of real models.",
        rule: "The definition of the report has a `status`.",
        remedy: "Give the report measured data and leave the status out.",
    },
    Explanation {
        code: "CAV-PROMPTS",
        what: "Ranked vendors met partly different prompts.",
        why_it_matters: "A vendor that met easier prompts looks worse; the difference is then one of prompts.",
        rule: "The lowest Jaccard index between two ranked vendors is below 1; grave where the median pair is below 0.5, a note where the lowest is 0.95 or more.",
        remedy: "Test every vendor on one set of prompts, or compare on the shared prompts only.",
    },
    Explanation {
        code: "CAV-PROMPT-IDS",
        what: "The data do not say which result answers which prompt.",
        why_it_matters: "Shared prompts cannot be counted, and paired comparisons cannot be made.",
        rule: "No prompt is identified for the ranked vendors, and there are two or more vendors; a note only where the report states, with a source, that all models met the same prompts.",
        remedy: "Import results with a prompt id or the prompt's hash.",
    },
    Explanation {
        code: "CAV-GRADER-SELF",
        what: "A model that graded is also a model under test.",
        why_it_matters: "A model may judge its own replies, and those of its relatives, by other standards.",
        rule: "A grader resolves to a model of the sample.",
        remedy: "Grade again with a grader outside the sample, or leave that model out.",
    },
    Explanation {
        code: "CAV-GRADER-KIN",
        what: "A grader comes from, or is named after, the maker of a vendor that it grades.",
        why_it_matters: "A grader may judge models of its own maker by other standards, in either direction.",
        rule: "The maker of a grader in use is the maker of a ranked vendor; grave where that vendor is told apart from most others and such graders gave a tenth or more of the verdicts.",
        remedy: "Have a share of the results judged again by a grader of no maker under test, and compare the two.",
    },
    Explanation {
        code: "CAV-GRADER-DISAGREE",
        what: "Two graders judged the same results and agree little.",
        why_it_matters: "Another grader would give other rates and perhaps another order of vendors.",
        rule: "A pair has kappa below 0.6, or rates more than 10 points apart, on the results that both judged in the whole corpus; grave where figures rest on both.",
        remedy: "Have a sample judged by people and correct the rates with it.",
    },
    Explanation {
        code: "CAV-GRADER-MIX",
        what: "Different graders judged different vendors.",
        why_it_matters: "A difference between vendors may be one between graders.",
        rule: "The chi-squared test of graders against ranked vendors has p below 0.05, and a grader's share differs by 5 points or more between two of them.",
        remedy: "Grade all vendors with the same grader, or report by grader.",
    },
    Explanation {
        code: "CAV-GRADER-WEAK",
        what: "Faults of graders are on record.",
        why_it_matters: "Wrong verdicts move every rate that rests on them.",
        rule: "The report states a fault of a grader with its source (`fault = true` in a context on graders).",
        remedy: "Grade again with a grader whose error rates are known.",
    },
    Explanation {
        code: "CAV-GRADER-UNCHECKED",
        what: "No result was judged twice.",
        why_it_matters: "Nothing in the data says how often a verdict is wrong.",
        rule: "There is no pair of graders on the same results.",
        remedy: "Have a random sample judged a second time.",
    },
    Explanation {
        code: "CAV-SIZE-CONTRADICTS",
        what: "The size used for a model contradicts what its maker discloses.",
        why_it_matters: "The model sits at the wrong place of the size line and bends it.",
        rule: "The coded size is the one used and differs from the disclosed total by more than 25% of the latter.",
        remedy: "Use `size.source = \"register\"`, or correct the corpus.",
    },
    Explanation {
        code: "CAV-SIZE-UNDISCLOSED",
        what: "A size is used that the maker never published.",
        why_it_matters: "The size analyses rest partly on guesses.",
        rule: "A model in scale has a size in the corpus and none from its maker; grave from a tenth of the models on.",
        remedy: "Use `size.undisclosed = \"drop\"` to see the analysis without them.",
    },
    Explanation {
        code: "CAV-SIZE-MISSING",
        what: "Kept models have no usable size.",
        why_it_matters: "The size analyses cover fewer models than the ranking.",
        rule: "A kept model is not in scale.",
        remedy: "Add the size to the register with its source.",
    },
    Explanation {
        code: "CAV-MIXTURE",
        what: "Mixtures of experts have a total and an active size.",
        why_it_matters: "The choice moves a model by several doublings.",
        rule: "A model in scale has a disclosed active size of at most half its total.",
        remedy: "Report both with `size.measure`.",
    },
    Explanation {
        code: "CAV-REJECTS",
        what: "Some records of a source could not be used.",
        why_it_matters: "What is left may be another sample than the whole.",
        rule: "A source has rejected records; grave from 5 in 100.",
        remedy: "The annex counts the reasons (`rejects_by_reason` of each source); `caveat import` on the source writes each reject with its place. Mend the records, or the mapping.",
    },
    Explanation {
        code: "CAV-NOT-EVALUABLE",
        what: "Many results could not be judged.",
        why_it_matters: "Rates describe the rest only.",
        rule: "More than 10% of the kept models' results, or more than 20% of a ranked vendor's, are not evaluable.",
        remedy: "Find out why they failed, and test again where it is not the model's doing.",
    },
    Explanation {
        code: "CAV-PART",
        what: "A part of the corpus says otherwise than the whole.",
        why_it_matters: "The answer depends on how the parts were mixed, which was a choice of the test.",
        rule: "In a part shown by itself the vendor's share is not beyond chance although it is in the whole, or a slope is established there and not in the whole.",
        remedy: "Read the parts by themselves, and decide which of them the question is about.",
    },
    Explanation {
        code: "CAV-COUNTS",
        what: "The source holds counts and not single results.",
        why_it_matters: "Prompts, graders and single verdicts cannot be examined.",
        rule: "The sources hold fewer records than the corpus has results.",
        remedy: "Obtain the single results from whoever published the counts.",
    },
    Explanation {
        code: "CAV-INDEPENDENCE",
        what: "Intervals take every result as independent.",
        why_it_matters: "Results to one prompt resemble each other, so intervals may be too narrow.",
        rule: "Some model has more results than different prompts, or no prompt is identified.",
        remedy: "Use one result per prompt and model, or intervals clustered by prompt.",
    },
    Explanation {
        code: "CAV-SHARE-CHANCE",
        what: "The vendor's share is about what random names give.",
        why_it_matters: "A large share as computed is then no effect.",
        rule: "The permutation p-value (that of F without one) is 0.03 or more.",
        remedy: "Test more models per vendor; read the corrected share with its interval.",
    },
    Explanation {
        code: "CAV-SINGLETONS",
        what: "Many vendors have one model.",
        why_it_matters: "Each is fitted exactly and raises the share without evidence.",
        rule: "More than 25% of the vendors have one model.",
        remedy: "Read the restriction to vendors with two or more models; test more models per vendor.",
    },
    Explanation {
        code: "CAV-RATIO",
        what: "The ratio of the two shares is what chance gives.",
        why_it_matters: "A headline that rests on it says nothing.",
        rule: "More than 5% of random relabellings reach the ratio.",
        remedy: "Report the two shares with their laws under chance instead of their ratio.",
    },
    Explanation {
        code: "CAV-EXTREMES",
        what: "Highest and lowest vendor were picked after seeing the data.",
        why_it_matters: "Picked extremes look further apart than they are.",
        rule: "More than 5% of random relabellings reach the ratio of the extremes.",
        remedy: "Name the pair before testing, or report the interval adjusted for all pairs.",
    },
    Explanation {
        code: "CAV-BANDS",
        what: "Labels by a fixed band come by chance as often.",
        why_it_matters: "A label then says nothing of the vendor.",
        rule: "A ranked vendor is outside the band and more than 5% of relabellings have as many outside.",
        remedy: "Label only where an interval adjusted for all vendors excludes zero.",
    },
    Explanation {
        code: "CAV-FEW-MODELS",
        what: "A moderate slope would be missed.",
        why_it_matters: "No trend found is then no evidence of none.",
        rule: "The slope found in 8 of 10 such studies is above 2 points per doubling.",
        remedy: "The section on power says how many models are needed.",
    },
    Explanation {
        code: "CAV-INFLUENCE",
        what: "One model decides much of the slope.",
        why_it_matters: "Another choice of that one model gives another slope.",
        rule: "Without the model that moves it most the slope changes by more than its standard error, or changes its sign where that model's leverage is above three times the average of 2/n.",
        remedy: "Test more models of that size; report the slope without it.",
    },
    Explanation {
        code: "CAV-CONFOUNDED",
        what: "Vendors differ in the sizes of their models so much that vendor and size cannot be separated.",
        why_it_matters: "What goes with the vendor may go with size, and the reverse.",
        rule: "Vendors account for more than 75% of the variance of log2 size, corrected for their number.",
        remedy: "Test small and large models of every vendor.",
    },
    Explanation {
        code: "CAV-CHOICES",
        what: "The published share of the vendor lies at an end of what other choices give.",
        why_it_matters: "A figure that one choice makes says as much of the choice as of the vendors.",
        rule: "A quarter or fewer of all combinations of choices reach the published share, or all but a quarter do, and their median lies 10 points or more from it.",
        remedy: "Read the specification curve, and state beforehand which choice is meant.",
    },
    Explanation {
        code: "CAV-PART-TESTS",
        what: "In a part of the corpus the F test finds the vendor and relabelling does not.",
        why_it_matters: "One outlying model of a vendor with no other model makes the F test far too sure.",
        rule: "In a view the F test of the vendor's share has p below 0.05 and dealing vendor names anew 0.05 or more.",
        remedy: "Rely on the relabelling, and look at vendors with two or more models.",
    },
    Explanation {
        code: "CAV-RANK-PROMPTS",
        what: "With prompts as the unit of sampling fewer vendors can be told apart.",
        why_it_matters: "Other prompts of the same kind could close gaps that these show.",
        rule: "The largest standardised difference over all pairs, with the covariance of shared prompts, tells fewer pairs apart than the ranking.",
        remedy: "Test with more prompts; more results on the same ones do not help.",
    },
    Explanation {
        code: "CAV-GRADER-TIPPING",
        what: "A grader that errs with one vendor alone could turn an order that is told.",
        why_it_matters: "Graders of that kind have been found to err by as much.",
        rule: "For a pair that is told apart, calling fewer than one in five of the higher vendor's failures successes, beyond the known errors and with no such error on the other, makes the two rates equal.",
        remedy: "Have results of both vendors judged by people, and state the grader's accuracy in the report.",
    },
    Explanation {
        code: "CAV-ONE-MODEL",
        what: "The vendor's share depends on a single model.",
        why_it_matters: "One outlying model can make a test of the vendor look certain, or hide a difference that the others show.",
        rule: "Leaving out one model moves the corrected share by more than 25 points or to another side of the line at 5%; grave where it crosses the line, and where the F test finds the vendor at 5% and dealing vendor names anew does not.",
        remedy: "Test more models of that vendor, and rely on the p by relabelling.",
    },
    Explanation {
        code: "CAV-SUPPRESSION",
        what: "Vendor and size together account for more than the sum of both alone.",
        why_it_matters: "The share of either alone is not what it adds to the other.",
        rule: "The share of both exceeds the sum of the shares of each.",
        remedy: "Read what each adds to the other.",
    },
    Explanation {
        code: "CAV-NOISE",
        what: "Much of the spread between models is the chance of single results.",
        why_it_matters: "No cause accounts for that part; a ranking on it would not repeat.",
        rule: "Sampling variance is a quarter or more of the variance of the rates; serious from one half.",
        remedy: "Collect more results per model.",
    },
    Explanation {
        code: "CAV-BASE-MAKER",
        what: "The vendor\u{2019}s share is another one when models count under the maker of their base model.",
        why_it_matters: "A fine-tune stands under whoever released it; whether it is that vendor's work or its base's is a choice, and the answer rests on it.",
        rule: "The corrected share moves by 10 points or more, or to another side of the line, when every model is put under the maker of its base model.",
        remedy: "Quote both shares, or leave derivatives out (`inclusion.exclude_derivatives`).",
    },
    Explanation {
        code: "CAV-RUNTIME",
        what: "A runtime, router or host stands in the place of a vendor.",
        why_it_matters: "Its models have different makers, so the group means nothing.",
        rule: "The register knows the name of a vendor as something else than a maker.",
        remedy: "Use `provider.runtimes = \"resolve\"`.",
    },
    Explanation {
        code: "CAV-SPELLING",
        what: "One maker stands under several names.",
        why_it_matters: "It counts as several vendors.",
        rule: "Models of one maker by the register have two or more vendor names that are no runtimes; a note where one of them occurs only among the models left out.",
        remedy: "Use `provider.named_by = \"maker\"`.",
    },
    Explanation {
        code: "CAV-MODEL-SPELLING",
        what: "One model stands under several spellings, or seems to.",
        why_it_matters: "Counted as several models it weighs more than others, and adds to the number of models that every share rests on.",
        rule: "Spellings that the register knows as one model are one under one vendor (a note), several under several vendors; spellings that it does not know and that differ only by case, composed characters, separators or a known prefix are several.",
        remedy: "Add the spellings as aliases of one model to the report's register, or use `provider.named_by = \"maker\"`.",
    },
    Explanation {
        code: "CAV-DERIVATIVE",
        what: "A derivative is among the kept models.",
        why_it_matters: "Its behaviour may be the work of whoever changed it.",
        rule: "The register marks a kept model as a derivative that stands under its base's maker.",
        remedy: "Name the kind in `inclusion.exclude_derivatives`.",
    },
    Explanation {
        code: "CAV-MIN-N",
        what: "A vendor has too few results for a rank.",
        why_it_matters: "Its rate is too uncertain to order.",
        rule: "Fewer evaluable results than `analysis.ranking_min_n`.",
        remedy: "Test more.",
    },
    Explanation {
        code: "CAV-SMALL-CELLS",
        what: "Models have small samples.",
        why_it_matters: "Their rates are uncertain and count as much as the others in the shares.",
        rule: "Fewer than 50 evaluable results of a model.",
        remedy: "Test more, or raise `inclusion.min_n_per_model`.",
    },
    Explanation {
        code: "CAV-FLOOR",
        what: "No attack on a model succeeded.",
        why_it_matters: "A model that cannot follow an attack looks like one that refuses.",
        rule: "A model with no success.",
        remedy: "Test whether the model can do the task when asked openly; test more.",
    },
    Explanation {
        code: "CAV-CEILING",
        what: "Every attack on a model succeeded.",
        why_it_matters: "Differences above the ceiling cannot be seen.",
        rule: "A model on which every attack succeeded.",
        remedy: "Use harder attacks or a finer verdict.",
    },
    Explanation {
        code: "CAV-OBSERVATIONAL",
        what: "A difference between vendors names no cause.",
        why_it_matters: "Training, filters, access and prompts differ together.",
        rule: "Two or more vendors.",
        remedy: "Nothing in data of this kind; ask for tests that change one thing.",
    },
    Explanation {
        code: "CAV-ONE-CORPUS",
        what: "The figures cover these tests only.",
        why_it_matters: "Other attacks, versions or systems may behave otherwise.",
        rule: "Always.",
        remedy: "Repeat the tests for the use at hand.",
    },
    Explanation {
        code: "F-SHARE",
        what: "Whether models of one vendor are more alike than chance makes them.",
        why_it_matters: "It is half of the question that the report asks.",
        rule: "By the permutation p-value: below 0.03 beyond chance, 0.03 to 0.08 close to the line, above within chance.",
        remedy: "More models per vendor make the share more certain.",
    },
    Explanation {
        code: "F-SIZE",
        what: "Whether the rate goes with size.",
        why_it_matters: "It is the other half of the question.",
        rule: "By whether the slope's interval excludes zero; a p-value from 0.03 to 0.08 is close to the line.",
        remedy: "More models, or sizes further apart.",
    },
    Explanation {
        code: "F-RATIO",
        what: "What the ratio of the two shares is worth.",
        why_it_matters: "Ratios of shares are printed as headlines.",
        rule: "Unremarkable where more than 5% of relabellings reach it.",
        remedy: "Report the shares with their laws under chance.",
    },
    Explanation {
        code: "F-APART",
        what: "Which vendors can be told apart.",
        why_it_matters: "A rank without this says more than the data.",
        rule: "All pairs compared at a level adjusted for their number; a vendor is named where it differs from more than half of the others.",
        remedy: "More results per vendor, on shared prompts.",
    },
    Explanation {
        code: "F-EXTREMES",
        what: "What the ratio of the extremes is worth.",
        why_it_matters: "Buyers read it as a risk.",
        rule: "Larger than chance usually gives where at most 5% of relabellings reach it, what chance gives from 50% on, not remarkable between.",
        remedy: "Name the pair before testing.",
    },
    Explanation {
        code: "F-BANDS",
        what: "What labels by a fixed band are worth.",
        why_it_matters: "A label reads as a judgement of the vendor.",
        rule: "Unremarkable where more than 5% of relabellings put as many outside.",
        remedy: "Use intervals adjusted for all vendors.",
    },
    Explanation {
        code: "F-CLAIM",
        what: "Whether the data support a claim from elsewhere.",
        why_it_matters: "A claim that one corpus bears out may not hold on another.",
        rule: "Given where the report names a claim (`claim_tested`). The order is supported where the vendor's share is beyond chance and no trend with size is established; the factor not where more than 5% of relabellings reach the ratio.",
        remedy: "Test on several corpora, with one measure.",
    },
    Explanation {
        code: "F-WITHIN",
        what: "Whether the rate goes with size inside vendors.",
        why_it_matters: "A trend over all models can hide opposite ones inside vendors.",
        rule: "Three or more models in scale; a direction where the interval between smallest and largest excludes zero, adjusted for the number of such vendors (Bonferroni).",
        remedy: "More models per vendor.",
    },
    Explanation {
        code: "CAV-VENDOR-MIX",
        what: "In a brief: the vendor's lowest and highest model can be told apart.",
        why_it_matters: "The vendor's rate is then a mix that depends on how often each model was tested.",
        rule: "Newcombe's interval of the difference, adjusted for all pairs of the vendor's models, excludes zero.",
        remedy: "Judge the model that would be used, not the vendor.",
    },
    Explanation {
        code: "CAV-VENDOR-NOT-TESTED",
        what: "In a brief: other vendors met attack families or harm categories that this one never met.",
        why_it_matters: "What was not tested is neither good nor bad news.",
        rule: "A label of the corpus with results of some other vendor and none of this one.",
        remedy: "Test the vendor there before it is used there.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caveats::RULES;

    #[test]
    fn every_rule_has_an_explanation_and_no_code_occurs_twice() {
        for (code, _) in RULES {
            assert!(explain(code).is_some(), "{code}");
        }
        let mut all: Vec<&str> = codes().collect();
        let with_twins = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), with_twins);
    }

    #[test]
    fn codes_are_found_in_any_case_and_unknown_ones_are_not() {
        assert_eq!(
            explain(" cav-floor ").map(|found| found.code),
            Some("CAV-FLOOR")
        );
        assert_eq!(explain("CAV-NOTHING"), None);
    }
}
