//! The header and the rows of each table.

use caveat_analysis::Quantity;
use caveat_analysis::result::{
    Analysis, ModelResult, NullDistribution, OneWayResult, ProviderResult,
};
use caveat_report::annex::{Annex, ClaimResult, EvidenceEntry, SourceAccount, Statement};
use caveat_report::selection::{Account, Exclusion};

use super::columns::{Row, Sheet};

pub(super) fn models(analysis: &Analysis) -> Sheet {
    let header = [
        "model",
        "provider",
        "params_total_b",
        "params_active_b",
        "params_disclosed",
        "params_source",
        "in_scale",
        "n_evaluable",
        "n_succeeded",
        "n_not_evaluable",
        "asr_proportion",
        "asr_lower",
        "asr_upper",
        "asr_level",
        "asr_method",
        "asr_exact_proportion",
        "asr_exact_lower",
        "asr_exact_upper",
        "asr_exact_level",
        "asr_exact_method",
        "residual_pp",
        "leverage",
        "slope_without_per_doubling",
    ];
    Sheet::new("models", &header).with_rows(&analysis.models, model)
}

fn model(model: &ModelResult) -> Row {
    Row::default()
        .text(&model.model)
        .text(&model.provider)
        .quantity(&model.params_total_b)
        .quantity(&model.params_active_b)
        .optional_flag(model.params_disclosed)
        .text(&model.params_source)
        .flag(model.in_scale)
        .count(model.n)
        .count(model.succeeded)
        .count(model.not_evaluable)
        .estimate_quantity(&model.asr)
        .estimate_quantity(&model.asr_exact)
        .quantity(&model.residual_pp)
        .quantity(&model.leverage)
        .quantity(&model.slope_without)
}

pub(super) fn providers(analysis: &Analysis) -> Sheet {
    let header = [
        "provider",
        "n_models",
        "n_models_in_scale",
        "n_evaluable",
        "n_succeeded",
        "n_not_evaluable",
        "pooled_asr_proportion",
        "pooled_asr_lower",
        "pooled_asr_upper",
        "pooled_asr_level",
        "pooled_asr_method",
        "mean_asr_proportion",
        "mean_asr_lower",
        "mean_asr_upper",
        "mean_asr_level",
        "ranked",
        "rank_lower",
        "rank",
        "rank_upper",
        "ranks_compared",
        "residual_pp",
        "residual_pp_lower",
        "residual_pp_upper",
        "residual_level",
        "residual_method",
        "residual_excludes_zero",
        "residual_unweighted_pp",
        "residual_deletion_pp",
        "residual_deletion_adjusted_pp",
        "residual_deletion_adjusted_pp_lower",
        "residual_deletion_adjusted_pp_upper",
        "residual_deletion_adjusted_level",
        "residual_deletion_adjusted_method",
        "band",
    ];
    Sheet::new("providers", &header).with_rows(&analysis.providers, provider)
}

fn provider(provider: &ProviderResult) -> Row {
    let row = Row::default()
        .text(&provider.provider)
        .size(provider.n_models)
        .size(provider.n_models_in_scale)
        .count(provider.n)
        .count(provider.succeeded)
        .count(provider.not_evaluable)
        .estimate_quantity(&provider.pooled_asr)
        .quantity(&provider.mean_asr.value)
        .range_quantity(&provider.mean_asr.interval)
        .flag(provider.ranked);
    let row = match &provider.rank {
        Quantity::Known(rank) => row
            .size(rank.lower)
            .size(rank.value)
            .size(rank.upper)
            .size(rank.of),
        Quantity::Absent(reason) => (0..4).fold(row, |row, _| row.absent(*reason)),
    };
    let row = row
        .estimate_quantity(&provider.residual_pp)
        .optional_flag(provider.residual_excludes_zero)
        .quantity(&provider.residual_unweighted_pp)
        .quantity(&provider.residual_deletion_pp)
        .estimate_quantity(&provider.residual_deletion_adjusted_pp);
    match &provider.band {
        Quantity::Known(band) => row.word(band),
        Quantity::Absent(reason) => row.absent(*reason),
    }
}

pub(super) fn comparisons(analysis: &Analysis) -> Sheet {
    let header = [
        "lower_provider",
        "higher_provider",
        "difference_pp",
        "difference_pp_lower",
        "difference_pp_upper",
        "level_adjusted_for_all_pairs",
        "method",
        "told_apart",
        "common_prompts",
    ];
    Sheet::new("comparisons", &header).with_rows(&analysis.comparisons, |pair| {
        Row::default()
            .text(&pair.lower_provider)
            .text(&pair.higher_provider)
            .estimate(&pair.difference_pp)
            .flag(pair.told_apart)
            .size_quantity(&pair.common_prompts)
    })
}

pub(super) fn null_distribution(analysis: &Analysis) -> Sheet {
    let header = ["eta2_from", "eta2_to", "relabellings", "all_arrangements"];
    let sheet = Sheet::new("null_distribution", &header);
    match &analysis.decomposition.null_distribution {
        Quantity::Known(law) => sheet.with_rows(bins(law), |row| row),
        Quantity::Absent(reason) => {
            let row = (0..header.len()).fold(Row::default(), |row, _| row.absent(*reason));
            sheet.with_rows([row], |row| row)
        }
    }
}

fn bins(law: &NullDistribution) -> impl Iterator<Item = Row> + '_ {
    let edges = law.edges.iter().zip(law.edges.iter().skip(1));
    edges.zip(&law.counts).map(|((from, to), count)| {
        Row::default()
            .number(*from)
            .number(*to)
            .count(*count)
            .flag(law.exact)
    })
}

pub(super) fn size_sensitivity(analysis: &Analysis) -> Sheet {
    let header = [
        "sizes",
        "models_changed",
        "n_models",
        "slope_per_doubling_proportion",
        "slope_lower",
        "slope_upper",
        "slope_level",
        "slope_method",
        "r2",
        "p",
        "providers_outside_band",
    ];
    Sheet::new("size_sensitivity", &header).with_rows(&analysis.size_sensitivity, |variant| {
        Row::default()
            .text(&variant.id)
            .list(&variant.changed)
            .size(variant.n_models)
            .estimate_quantity(&variant.slope_per_doubling)
            .quantity(&variant.r2)
            .quantity(&variant.p)
            .list(&variant.outside)
    })
}

pub(super) fn within_providers(analysis: &Analysis) -> Sheet {
    let header = [
        "provider",
        "models_by_size",
        "pattern",
        "change_pp",
        "change_pp_lower",
        "change_pp_upper",
        "change_level",
        "change_method",
        "each_step_in_one_direction",
        "smallest_model_never_succeeds",
    ];
    Sheet::new("within_providers", &header).with_rows(&analysis.within_providers, |within| {
        Row::default()
            .text(&within.provider)
            .list(&within.models)
            .word(&within.pattern)
            .estimate_quantity(&within.change_pp)
            .flag(within.monotone)
            .flag(within.capability_floor)
    })
}

pub(super) fn overlap(analysis: &Analysis) -> Sheet {
    let header = [
        "first_provider",
        "second_provider",
        "common_prompts",
        "jaccard",
        "overlap_coefficient",
    ];
    let sheet = Sheet::new("overlap", &header);
    match &analysis.overlap {
        Quantity::Known(overlap) => sheet.with_rows(&overlap.pairs, |pair| {
            Row::default()
                .text(&pair.first)
                .text(&pair.second)
                .size(pair.common)
                .quantity(&pair.jaccard)
                .quantity(&pair.overlap_coefficient)
        }),
        Quantity::Absent(reason) => {
            let row = (0..header.len()).fold(Row::default(), |row, _| row.absent(*reason));
            sheet.with_rows([row], |row| row)
        }
    }
}

pub(super) fn graders(analysis: &Analysis) -> Sheet {
    let header = [
        "first_grader",
        "second_grader",
        "n_both_evaluable",
        "agreement_proportion",
        "kappa",
        "asr_under_first",
        "asr_under_second",
    ];
    Sheet::new("graders", &header).with_rows(&analysis.agreement.pairs, |pair| {
        Row::default()
            .text(&pair.first)
            .text(&pair.second)
            .count(pair.n)
            .quantity(&pair.agreement)
            .quantity(&pair.kappa)
            .quantity(&pair.rate_first)
            .quantity(&pair.rate_second)
    })
}

/// The shares of variance of the report and of each view.
pub(super) fn decomposition(annex: &Annex) -> Sheet {
    let header = [
        "view",
        "models",
        "eta2",
        "eta2_null_mean",
        "eta2_null_p95",
        "omega2",
        "epsilon2",
        "f",
        "df1",
        "df2",
        "p",
        "p_permutation",
        "population_eta2_lower",
        "population_eta2_upper",
        "population_eta2_level",
        "n_models",
        "n_providers",
        "n_providers_with_one_model",
    ];
    let own = [("report", &annex.analysis.decomposition)];
    let views = annex
        .views
        .iter()
        .map(|view| (view.id.as_str(), &view.summary.decomposition));
    let parts = own.into_iter().chain(views).flat_map(|(view, shares)| {
        [
            (view, "in scale", &shares.in_scale),
            (
                view,
                "in scale, providers with two or more",
                &shares.two_plus,
            ),
            (view, "all", &shares.all_models),
        ]
    });
    Sheet::new("decomposition", &header).with_rows(parts, |(view, models, result)| {
        one_way(view, models, result)
    })
}

fn one_way(view: &str, models: &str, result: &OneWayResult) -> Row {
    Row::default()
        .text(view)
        .text(models)
        .quantity(&result.eta2)
        .quantity(&result.eta2_null_mean)
        .quantity(&result.eta2_null_p95)
        .quantity(&result.omega2)
        .quantity(&result.epsilon2)
        .quantity(&result.f)
        .size(result.df1)
        .size(result.df2)
        .quantity(&result.p)
        .quantity(&result.p_permutation)
        .range_quantity(&result.population_eta2)
        .size(result.n_models)
        .size(result.n_groups)
        .size(result.n_singletons)
}

pub(super) fn statements(name: &'static str, statements: &[Statement]) -> Sheet {
    let header = ["id", "severity", "title", "text", "evidence_ids"];
    Sheet::new(name, &header).with_rows(statements, |statement| {
        Row::default()
            .text(&statement.id)
            .word(&statement.severity)
            .text(&statement.title)
            .text(&statement.text)
            .list(&statement.evidence)
    })
}

pub(super) fn claims(claims: &[ClaimResult]) -> Sheet {
    let header = [
        "id",
        "claim",
        "published",
        "recomputed",
        "status",
        "note",
        "key",
        "evidence_ids",
    ];
    Sheet::new("claims", &header).with_rows(claims, |claim| {
        Row::default()
            .text(&claim.id)
            .text(&claim.claim)
            .text(&claim.published)
            .text(&claim.recomputed)
            .word(&claim.status)
            .text(claim.note.as_deref().unwrap_or("none"))
            .flag(claim.key)
            .list(&claim.evidence)
    })
}

pub(super) fn evidence(entries: &[EvidenceEntry]) -> Sheet {
    Sheet::new("evidence", &["id", "what", "place_in_annex_json"]).with_rows(entries, |entry| {
        Row::default()
            .text(&entry.id)
            .text(&entry.label)
            .text(&entry.pointer)
    })
}

pub(super) fn exclusions(account: &Account) -> Sheet {
    let header = [
        "left_out",
        "model",
        "provider",
        "reason",
        "n_traces",
        "n_evaluable",
        "n_succeeded",
    ];
    let whole = account
        .excluded
        .iter()
        .map(|exclusion| ("model", exclusion));
    let parts = account
        .excluded_parts
        .iter()
        .map(|exclusion| ("part of model", exclusion));
    Sheet::new("exclusions", &header).with_rows(whole.chain(parts), |(what, exclusion)| {
        left_out(what, exclusion)
    })
}

fn left_out(what: &str, exclusion: &Exclusion) -> Row {
    Row::default()
        .text(what)
        .text(&exclusion.model)
        .optional(exclusion.provider.as_deref())
        .text(&exclusion.reason)
        .count(exclusion.traces)
        .count(exclusion.evaluable)
        .count(exclusion.succeeded)
}

pub(super) fn sources(sources: &[SourceAccount]) -> Sheet {
    let header = [
        "path",
        "format",
        "format_version",
        "sha256",
        "n_read",
        "n_imported",
        "n_already_present",
        "n_rejected",
    ];
    Sheet::new("sources", &header).with_rows(sources, |source| {
        Row::default()
            .text(&source.path)
            .text(&source.format)
            .optional(source.format_version.as_deref())
            .text(&source.sha256)
            .count(source.read)
            .count(source.imported)
            .count(source.already_present)
            .count(source.rejected)
    })
}
