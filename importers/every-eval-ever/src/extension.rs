//! Names under which `caveat export` keeps what the schema has no place for.
//!
//! They stand in `metadata` of a row and in `score_details.details` of a result,
//! which hold texts. A row that has [`MARK`] is read by them alone, so that what
//! was exported comes back as it was. Every other reader may ignore them.

/// Marks a row or a result of an export, and says which version of these names it has.
pub const MARK: &str = "caveat.export";
/// The only version so far.
pub const VERSION: &str = "1";

/// Provider as spelled.
pub const PROVIDER: &str = "caveat.provider";
/// Size as the source codes it.
pub const CODED_SIZE: &str = "caveat.coded_size";
/// Data set of a prompt that is known by its id.
pub const PROMPT_DATASET: &str = "caveat.prompt_dataset";
/// Id of a prompt within its data set.
pub const PROMPT_ID: &str = "caveat.prompt_id";
/// Digest of a prompt that is known by its text.
pub const PROMPT_SHA256: &str = "caveat.prompt_sha256";
/// Digest of the response.
pub const RESPONSE_SHA256: &str = "caveat.response_sha256";
/// Which texts the row holds: `prompt`, `response` or both.
pub const TEXTS: &str = "caveat.texts";
/// Data set.
pub const DATASET: &str = "caveat.dataset";
/// Attack technique.
pub const TECHNIQUE: &str = "caveat.technique";
/// Family of attack techniques.
pub const ATTACK_FAMILY: &str = "caveat.attack_family";
/// Harm category.
pub const HARM_CATEGORY: &str = "caveat.harm_category";
/// Attempt from 1.
pub const ATTEMPT: &str = "caveat.attempt";
/// Turns of the conversation.
pub const TURNS: &str = "caveat.turns";
/// When the response was observed, as spelled.
pub const OBSERVED_AT: &str = "caveat.observed_at";
/// Tokens of the prompt.
pub const PROMPT_TOKENS: &str = "caveat.prompt_tokens";
/// Tokens of the response.
pub const RESPONSE_TOKENS: &str = "caveat.response_tokens";
/// Duration of the request in milliseconds.
pub const DURATION_MS: &str = "caveat.duration_ms";
/// Whether a reply exists.
pub const OUTCOME: &str = "caveat.outcome";
/// Grader as spelled.
pub const GRADER: &str = "caveat.grader";
/// What the grader is; absent where the trace has no grade.
pub const GRADER_KIND: &str = "caveat.grader_kind";
/// Verdict; absent where the trace has no grade.
pub const VERDICT: &str = "caveat.verdict";
/// Raw score.
pub const RAW: &str = "caveat.raw";
/// Version of the grader.
pub const GRADER_VERSION: &str = "caveat.grader_version";
/// When the grade was given, as spelled.
pub const GRADED_AT: &str = "caveat.graded_at";
/// Format, run, record and place of the source that a trace was imported from.
pub const SOURCE: [&str; 7] = [
    "caveat.source_format",
    "caveat.source_sha256",
    "caveat.source_run_id",
    "caveat.source_record_id",
    "caveat.source_entry",
    "caveat.source_record",
    "caveat.source_byte",
];

/// What stands before the name of a verdict where a result holds counts.
pub const COUNT: &str = "caveat.count.";
