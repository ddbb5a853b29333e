//! Vendor, model, prompt and the rest in one binomial model.

use caveat_analysis::hierarchical::Role;
use caveat_analysis::result::{
    ComponentResult, HierarchicalLikelihood, HierarchicalPosterior, PosteriorEstimates,
    PosteriorSummary,
};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Sentence, Table};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column, why_not};

/// The paragraph with the table, or why there is none.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let block = &facts.analysis().hierarchical;
    let mut blocks = Vec::new();
    let mut sentences = Vec::new();
    match block.likelihood.as_result() {
        Err(reason) => sentences.push(say(
            format!(
                "A model of single results with vendor, model and prompt at once is not estimable: {}.",
                why_not(reason)
            ),
            ["h1"],
        )),
        Ok(fit) => {
            sentences.extend(in_words(facts, fit));
            blocks.push(Block::Table(table(facts, fit)));
        }
    }
    if let Some(posterior) = block.posterior.known() {
        sentences.extend(posterior_in_words(facts, posterior));
    }
    if !sentences.is_empty() {
        blocks.insert(0, Block::Paragraph { sentences });
    }
    blocks
}

fn in_words(facts: &Facts<'_>, fit: &HierarchicalLikelihood) -> Prose {
    let mut prose = Vec::new();
    let level = words::level(facts);
    let named: Vec<String> = fit
        .components
        .iter()
        .map(|component| name(component.factor).to_lowercase())
        .collect();
    let factors = format::list(&named);
    if let Some(slope) = fit.slope.known()
        && let (Some(lower), Some(upper)) = (slope.lower.number(), slope.upper.number())
    {
        let odds = |logit: f64| format::decimals(logit.exp(), 2);
        let text = if lower > 0.0 || upper < 0.0 {
            let way = if upper < 0.0 { "fall" } else { "rise" };
            format!(
                "With {factors} in one model of single results, the odds of success {way} with size: times {} per doubling ({level} interval {}).",
                odds(slope.value.0),
                format::span(&odds(lower), &odds(upper))
            )
        } else {
            format!(
                "With {factors} in one model of single results, no trend with size is established: odds times {} per doubling ({level} interval {}).",
                odds(slope.value.0),
                format::span(&odds(lower), &odds(upper))
            )
        };
        prose.push(say(text, ["h1"]));
    }
    if let Some(between) = fit.between_models.known() {
        prose.push(say(
            format!(
                "Of the true differences between models, {} goes with the vendor\u{2019}s name, {} with size and {} with the model itself; these shares have no interval.",
                format::percent(between.provider.0),
                format::percent(between.scale.0),
                format::percent(between.model.0)
            ),
            ["h1"],
        ));
    }
    if fit.singular {
        prose.push(say(
            "A variance among them is estimated at zero, which few levels give easily.",
            ["h1"],
        ));
    }
    prose
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Provider => "Vendor",
        Role::Model => "Model",
        Role::Prompt => "Prompt",
        Role::Technique => "Technique",
        Role::Grader => "Grader",
    }
}

fn table(facts: &Facts<'_>, fit: &HierarchicalLikelihood) -> Table {
    let mut rows: Vec<Row> = fit.components.iter().map(component).collect();
    rows.push(row([
        "Single result".to_owned(),
        format::thousands(fit.traces),
        "1.8 (fixed)".to_owned(),
        format::percent_cell(fit.latent_residual_share.0),
        "the rest".to_owned(),
        "no test".to_owned(),
    ]));
    let absorbed = fit.components.iter().any(|c| !c.includes.is_empty());
    let mut note = vec![say(
        "Binomial model with random effects, fitted by Laplace\u{2019}s method. Share of the logit: the single result counts as \u{3c0}\u{b2}/3. Share of results: of the variance of a single outcome at the mean rate. p: likelihood ratio against no variance, half chi-squared.",
        ["h1"],
    )];
    if absorbed {
        note.push(plain(
            "Where two factors group the results alike, only the sum of their variances is identified and stands in one row.",
        ));
    }
    let _ = facts;
    Table {
        id: "hierarchical".to_owned(),
        number: None,
        title: Some("What single results vary with, all factors at once".to_owned()),
        subtitle: Some(format!(
            "{} results in {} cells; shares in percent",
            format::thousands(fit.traces),
            format::thousands(fit.cells)
        )),
        columns: vec![
            text_column("Factor", 34.0),
            number_column("Levels", 20.0),
            number_column("Deviation, logits", 32.0),
            number_column("Of the logit, %", 28.0),
            number_column("Of results, %", 28.0),
            number_column("p", 24.0),
        ],
        rows,
        more: None,
        note,
    }
}

fn component(component: &ComponentResult) -> Row {
    let absent = |reason| why_not(reason).to_owned();
    let alone = |value: Option<f64>, show: fn(f64) -> String| {
        value.map_or("not estimable".to_owned(), show)
    };
    let variance = component.variance.as_result();
    row([
        name(component.factor).to_owned(),
        format::thousands(component.levels),
        match variance {
            Ok(variance) => format::decimals(variance.0.max(0.0).sqrt(), 2),
            Err(reason) => absent(reason),
        },
        alone(component.latent_share.number(), format::percent_cell),
        alone(component.response_share.number(), format::percent_cell),
        alone(component.p.number(), format::p_cell),
    ])
}

fn posterior_in_words(facts: &Facts<'_>, posterior: &HierarchicalPosterior) -> Prose {
    let gates = &posterior.convergence;
    let Some(estimates) = posterior.estimates.known() else {
        return vec![say(
            format!(
                "The posterior of the same model did not settle (largest R-hat {}, smallest effective size {}, {}), so no figure of it is given.",
                format::decimals(gates.max_rhat.0, 3),
                format::decimals(gates.min_ess_bulk.0.min(gates.min_ess_tail.0), 0),
                format::plural(
                    usize::try_from(gates.divergences).unwrap_or(usize::MAX),
                    "divergence",
                    "divergences"
                )
            ),
            ["h2"],
        )];
    };
    let mut prose = Vec::new();
    prose.extend(share_in_words(facts, estimates));
    prose.extend(priors(facts));
    prose.push(say(
        format!(
            "{} chains of {} draws; largest R-hat {}, smallest effective size {}, no divergence; half-normal priors of scale {} on every deviation.",
            format::word_first(usize::try_from(posterior.chains).unwrap_or(usize::MAX)),
            format::thousands(u64::from(posterior.draws)),
            format::decimals(gates.max_rhat.0, 3),
            format::decimals(gates.min_ess_bulk.0.min(gates.min_ess_tail.0), 0),
            format::decimals(posterior.prior_deviation_scale.0, 1)
        ),
        ["h2"],
    ));
    prose
}

/// A share with its interval ("31% (2% to 78%)").
fn share(summary: &PosteriorSummary) -> String {
    format!(
        "{} ({})",
        format::percent(summary.mean.0),
        format::span(
            &format::percent(summary.lower.0),
            &format::percent(summary.upper.0)
        )
    )
}

fn share_in_words(facts: &Facts<'_>, estimates: &PosteriorEstimates) -> Option<Sentence> {
    let between = estimates.between_models.known()?;
    let mut models: Vec<_> = estimates.models.iter().collect();
    models.sort_by(|a, b| b.rank.p_lowest.0.total_cmp(&a.rank.p_lowest.0));
    let lowest = models.first().map_or(String::new(), |model| {
        format!(
            "; the model most often lowest is {}, in {} of draws",
            facts.model_named(&model.name),
            format::percent(model.rank.p_lowest.0)
        )
    });
    Some(say(
        format!(
            "By its posterior {} of the true differences between models goes with the vendor\u{2019}s name and {} with size (means with 95% intervals){lowest}.",
            share(&between.provider),
            share(&between.scale)
        ),
        ["h2"],
    ))
}

/// How far the vendor's share hangs on the prior.
fn priors(facts: &Facts<'_>) -> Option<Sentence> {
    let others = &facts.analysis().hierarchical.prior_sensitivity;
    let shares: Vec<String> = others
        .iter()
        .filter_map(|other| {
            let share = other.provider_share.known()?;
            Some(format!(
                "{} at scale {}",
                format::percent(share.mean.0),
                format::decimals(other.deviation_scale.0, 1)
            ))
        })
        .collect();
    (!shares.is_empty()).then(|| {
        say(
            format!(
                "With other priors the vendor\u{2019}s share is {}.",
                format::list(&shares)
            ),
            ["h3"],
        )
    })
}
