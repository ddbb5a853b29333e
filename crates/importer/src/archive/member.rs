//! What comes out of a member, counted while it comes.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Take};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zstd::zstd_safe::{DCtx, ResetDirective};

use super::ArchiveFault;
use super::directory::Entry;

/// Largest window of zstd in powers of two: 128 MiB, what the tool `zstd`
/// itself accepts without being told otherwise. A header may ask for 3.75 TB.
const MAX_WINDOW_LOG: u32 = 27;

/// Bytes asked of the file at once.
const READ_BYTES: usize = 64 << 10;

/// Working memory of the zstd decompressor, made for the first member that
/// needs it: making it takes longer than to decompress a member of a few kilobytes.
#[derive(Default)]
pub(super) struct Context(Option<DCtx<'static>>);

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context")
    }
}

type Input<'a> = BufReader<Take<&'a File>>;

enum Decoder<'a> {
    Stored(Input<'a>),
    Deflate(DeflateDecoder<Input<'a>>),
    Zstd(zstd::stream::read::Decoder<'a, Input<'a>>),
}

/// What may come out of the archive as a whole.
pub(super) struct Budget<'a> {
    pub(super) spent: &'a mut u64,
    pub(super) limit: u64,
}

/// A member as a stream.
pub(super) struct MemberReader<'a> {
    decoder: Decoder<'a>,
    entry: &'a Entry,
    budget: Budget<'a>,
    crc: Crc,
    read: u64,
    is_done: bool,
}

impl<'a> MemberReader<'a> {
    pub(super) fn new(
        mut file: &'a File,
        entry: &'a Entry,
        data_start: u64,
        budget: Budget<'a>,
        context: &'a mut Context,
    ) -> Result<Self, ArchiveFault> {
        let unsupported = |found: String| ArchiveFault::Unsupported {
            member: entry.name.clone(),
            found,
        };
        if entry.is_encrypted() {
            return Err(unsupported("encrypted".to_owned()));
        }
        file.seek(SeekFrom::Start(data_start))?;
        let input = BufReader::with_capacity(READ_BYTES, file.take(entry.compressed));
        let decoder = match entry.method {
            0 => Decoder::Stored(input),
            8 => Decoder::Deflate(DeflateDecoder::new(input)),
            93 => {
                let context = context.0.get_or_insert_with(DCtx::create);
                context
                    .reset(ResetDirective::SessionAndParameters)
                    .map_err(|code| {
                        unsupported(zstd::zstd_safe::get_error_name(code).to_owned())
                    })?;
                // Goes on with the next frame by itself.
                let mut decoder = zstd::stream::read::Decoder::with_context(input, context);
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                Decoder::Zstd(decoder)
            }
            method => {
                return Err(unsupported(format!(
                    "compressed with method {method}; stored, deflate and zstd are read"
                )));
            }
        };
        Ok(Self {
            decoder,
            entry,
            budget,
            crc: Crc::new(),
            read: 0,
            is_done: false,
        })
    }

    /// Counts what came out.
    fn count(&mut self, fresh: &[u8]) -> Result<(), ArchiveFault> {
        let bytes = u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        self.crc.update(fresh);
        self.read = self.read.saturating_add(bytes);
        *self.budget.spent = self.budget.spent.saturating_add(bytes);
        if self.read > self.entry.size {
            return Err(self.entry.damaged(format!(
                "more comes out of it than the {} bytes that are declared",
                self.entry.size
            )));
        }
        if *self.budget.spent > self.budget.limit {
            return Err(ArchiveFault::Oversized {
                found: format!(
                    "more than {} bytes come out of the archive",
                    self.budget.limit
                ),
            });
        }
        Ok(())
    }

    /// Checks what came out at its end.
    fn finish(&self) -> Result<(), ArchiveFault> {
        let entry = self.entry;
        if self.read != entry.size {
            return Err(entry.damaged(format!(
                "{} bytes come out of it, {} are declared",
                self.read, entry.size
            )));
        }
        if self.crc.sum() != entry.crc {
            return Err(entry.damaged("its checksum differs from the declared one"));
        }
        let input = match &self.decoder {
            Decoder::Stored(input) => input,
            Decoder::Deflate(decoder) => decoder.get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref(),
        };
        if !input.buffer().is_empty() || input.get_ref().limit() > 0 {
            return Err(entry.damaged("bytes follow the end of its data"));
        }
        Ok(())
    }

    fn decode(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveFault> {
        let decoded = match &mut self.decoder {
            Decoder::Stored(input) => return Ok(input.read(buffer)?),
            Decoder::Deflate(decoder) => decoder.read(buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
        };
        decoded.map_err(|error| match error.raw_os_error() {
            Some(_) => ArchiveFault::Io(error),
            None => self.entry.damaged(decoder_words(&error)),
        })
    }
}

/// What a decoder says, in words that fit behind "is damaged".
fn decoder_words(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "its data end too early".to_owned();
    }
    format!("it cannot be decompressed ({error})")
}

impl Read for MemberReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_done || buffer.is_empty() {
            return Ok(0);
        }
        let decoded = self.decode(buffer).and_then(|bytes| {
            if bytes == 0 {
                self.finish()?;
            } else {
                self.count(buffer.get(..bytes).unwrap_or_default())?;
            }
            Ok(bytes)
        });
        self.is_done = !matches!(decoded, Ok(1..));
        Ok(decoded?)
    }
}
