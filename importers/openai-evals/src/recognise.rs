//! Tells a record log by its lines, never by its name.

use caveat_importer::{Claim, Limits, Resemblance};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::event::{Line, object};
use crate::spec::Run;

/// Lines of a damaged start that are looked at.
const MAX_PROBED_LINES: usize = 50;

/// Says whether this is the start of a record log.
pub(crate) fn claim(head: &[u8]) -> Claim {
    let limits = Limits::default();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty()).take(MAX_PROBED_LINES);
    for (number, line) in lines.enumerate() {
        if is_spec(line, &limits) {
            return Claim::Yes {
                confidence: 98,
                reason: "a line `spec` that names an eval and its completion functions".to_owned(),
            };
        }
        if number == 0 && line.starts_with(b"{\"spec\": {\"completion_fns\": ") {
            return Claim::Yes {
                confidence: 90,
                reason: "a first line that begins as the `spec` of an eval does".to_owned(),
            };
        }
        if is_event(line, &limits) {
            return Claim::Almost(Resemblance {
                reason: "events of a record log without the `spec` line that names the model"
                    .to_owned(),
                hint: "copy the log again from its start, or import it with `--from openai-evals` \
                       and the option `model`"
                    .to_owned(),
            });
        }
    }
    Claim::No
}

fn is_spec(line: &[u8], limits: &Limits) -> bool {
    matches!(Line::of(line, limits), Ok(Line::Spec))
        && Run::of(line, limits).is_ok_and(|run| run.model.is_some() && run.eval_name.is_some())
}

fn is_event(line: &[u8], limits: &Limits) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        #[serde(rename = "run_id")]
        _run: IgnoredAny,
        #[serde(rename = "event_id")]
        _event: IgnoredAny,
        #[serde(rename = "sample_id")]
        _sample: IgnoredAny,
        #[serde(rename = "type")]
        _kind: IgnoredAny,
        #[serde(rename = "data")]
        _data: IgnoredAny,
    }

    object::<Keys>(line, limits).is_ok()
}
