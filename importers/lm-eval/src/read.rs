//! Reads a file of samples from start to end, after it was surveyed.

use caveat_corpus::Record;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, Source, SourceFacts};

use crate::fields::Sample;
use crate::means::Means;
use crate::pairing;
use crate::records::each;
use crate::survey::Survey;
use crate::trace::{Tally, Traces};
use crate::wanted::Wanted;

/// What to do with a file that is no file of samples.
pub(crate) const HINT: &str = "importers/lm-eval/README.md shows what samples look like; write them with `--log_samples`, or copy the file again from its origin";

/// Reads the samples and sends each on.
pub(crate) fn read(
    source: &Source,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let wanted = Wanted::of(options)?;
    let (path, limits) = (&source.path, &options.limits);
    let survey = Survey::of(path, limits)?;
    let pair = pairing::find(path, &survey, &wanted, limits)?;
    let mut notes = pair.notes.clone();
    let mut traces = Traces {
        pair,
        survey: &survey,
        wanted: &wanted,
        options,
        means: Means::default(),
        tally: Tally::default(),
    };
    let mut cut_at = None;
    let list_cut_at = each(path, limits, &mut |record| {
        let location = record.location;
        let trace = record
            .bytes
            .and_then(|bytes| Sample::read(bytes, limits))
            .and_then(|sample| traces.trace(sample, location.clone()));
        match trace {
            Ok(trace) => sink.record(Record::Trace(Box::new(trace)))?,
            Err(reason) if record.ends_the_file => {
                cut_at = Some(record.bytes_read);
                let reason = format!("the file is cut short within this sample: {reason}");
                sink.reject(Reject { location, reason })?;
            }
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
        sink.progress(record.bytes_read);
        Ok(())
    })?;
    if let Some(byte) = list_cut_at.or(cut_at) {
        notes.push(format!(
            "the file is cut short: it ends at byte {byte}; what is whole is imported"
        ));
    }
    notes.extend(traces.tally.notes());
    notes.extend(wanted.rules.notes());
    notes.extend(traces.means.differences(&traces.pair.task));
    Ok(SourceFacts {
        format_version: traces.pair.results.version.map(|version| {
            let version = printable(&version);
            format!("lm_eval {version}")
        }),
        notes,
    })
}
