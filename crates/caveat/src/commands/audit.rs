//! `caveat audit`: what a published headline implies, from its printed figures alone.

use caveat_analysis::headline::{Figures, Headline, implied, population_eta2};
use caveat_analysis::proportion::Level;
use caveat_analysis::quantity::{Number, Quantity};
use caveat_analysis::result::Range;
use caveat_report::format;
use serde::Serialize;

use crate::cli::AuditArguments;
use crate::exit::{self, DONE, Failure};

/// What `--json` prints, under the names of the annex.
#[derive(Serialize)]
struct Audit {
    schema: &'static str,
    schema_version: u32,
    decomposition: Decomposition,
    scale: Scale,
    ratio: Ratio,
}

#[derive(Serialize)]
struct Decomposition {
    eta2: Number,
    eta2_null_mean: Number,
    eta2_null_p95: Number,
    omega2: Number,
    epsilon2: Number,
    f: Number,
    df1: usize,
    df2: usize,
    p: Number,
    population_eta2: Quantity<Range>,
    n_models: usize,
    n_groups: usize,
}

#[derive(Serialize)]
struct Scale {
    r2: Quantity,
    r2_null_mean: Quantity,
    adjusted_r2: Quantity,
    p: Quantity,
    p_normal: Quantity,
}

#[derive(Serialize)]
struct Ratio {
    eta2_over_r2: Quantity,
    ratio_of_null_means: Quantity,
    per_df: Quantity,
    ratio_of_f: Quantity,
}

/// Runs the command.
pub fn run(arguments: &AuditArguments) -> Result<u8, Failure> {
    let figures = Figures {
        eta2: arguments.eta2,
        r2: arguments.r2,
        n: arguments.models,
        k: arguments.groups,
    };
    for (name, share) in [("eta2", Some(figures.eta2)), ("r2", figures.r2)] {
        if let Some(share) = share.filter(|share| *share > 1.0 && *share <= 100.0) {
            return Err(Failure::wrong_use(format!(
                "--{name} is a share from 0 to 1, and {share} is none\nhint: if {share}% was meant, \
                 write {}",
                share / 100.0
            )));
        }
    }
    let headline = implied(&figures).map_err(|reason| {
        Failure::wrong_use(format!(
            "nothing follows from these figures: {reason}\nhint: shares lie between 0 and 1, and \
             there are at least two groups and more models than groups"
        ))
    })?;
    if figures.r2.is_some_and(|r2| !(0.0..1.0).contains(&r2)) {
        return Err(Failure::wrong_use(
            "--r2 is a share of variance from 0 to below 1\nhint: write 1.1% as 0.011",
        ));
    }
    let audit = Audit::new(&figures, &headline);
    if arguments.json {
        exit::print_json(&audit)?;
    } else {
        exit::print(&audit.for_people())?;
    }
    Ok(DONE)
}

impl Audit {
    fn new(figures: &Figures, headline: &Headline) -> Self {
        let level = Level::P90;
        let population = population_eta2(figures, level).map(|share| Range {
            lower: Number(share.eta2.lower),
            upper: Number(share.eta2.upper),
            level: Number(level.value()),
        });
        let scale = headline.scale;
        Self {
            schema: "caveat/audit",
            schema_version: 1,
            decomposition: Decomposition {
                eta2: Number(figures.eta2),
                eta2_null_mean: Number(headline.eta2_null_mean),
                eta2_null_p95: Number(headline.eta2_null_p95),
                omega2: Number(headline.omega2),
                epsilon2: Number(headline.epsilon2),
                f: Number(headline.f),
                df1: headline.df_between,
                df2: headline.df_within,
                p: Number(headline.p),
                population_eta2: population.into(),
                n_models: figures.n,
                n_groups: figures.k,
            },
            scale: Scale {
                r2: figures
                    .r2
                    .ok_or(caveat_analysis::reason::NotEstimable::NotGiven)
                    .into(),
                r2_null_mean: scale.map(|s| s.r2_null_mean).into(),
                adjusted_r2: scale.map(|s| s.adjusted_r2).into(),
                p: scale.map(|s| s.p).into(),
                p_normal: scale.map(|s| s.p_normal).into(),
            },
            ratio: Ratio {
                eta2_over_r2: scale.map(|s| s.eta2_over_r2).into(),
                ratio_of_null_means: scale.map(|s| s.ratio_of_null_means).into(),
                per_df: scale.map(|s| s.per_df_ratio).into(),
                ratio_of_f: scale.map(|s| s.ratio_of_f).into(),
            },
        }
    }

    fn for_people(&self) -> String {
        let share = &self.decomposition;
        let mut text = format!(
            "{} models in {} groups\n\
             share of variance by group, as printed   {:.3}\n\
             expected by chance alone                 {:.3} (95th percentile {:.3})\n\
             corrected: omega squared                 {:.3}\n\
             corrected: epsilon squared               {:.3}\n\
             F({}, {}) = {:.2}, {}\n",
            share.n_models,
            share.n_groups,
            share.eta2.0,
            share.eta2_null_mean.0,
            share.eta2_null_p95.0,
            share.omega2.0,
            share.epsilon2.0,
            share.df1,
            share.df2,
            share.f.0,
            format::p_value(share.p.0),
        );
        if let Some(range) = share.population_eta2.known() {
            text.push_str(&format!(
                "population share, 90% interval           {:.3} to {:.3}\n",
                range.lower.0, range.upper.0
            ));
        }
        let (Some(ratio), Some(null), Some(per_df)) = (
            self.ratio.eta2_over_r2.number(),
            self.ratio.ratio_of_null_means.number(),
            self.ratio.per_df.number(),
        ) else {
            return text;
        };
        text.push_str(&format!(
            "ratio of the two shares                  {ratio:.1}\n\
             the same ratio of the two chance means   {null:.0}\n\
             ratio per degree of freedom              {per_df:.1}\n\
             (of the printed figures; a ratio printed from unrounded shares may differ)\n"
        ));
        if let Some(p) = self.scale.p.number() {
            text.push_str(&format!(
                "slope of the predictor, Student's t       {}\n",
                format::p_value(p)
            ));
        }
        text
    }
}
