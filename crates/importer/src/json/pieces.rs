//! Cuts a JSON document into pieces while it is read.
//!
//! Memory follows the largest piece that is allowed, not the document. Only the
//! containers that were named are walked; what stands in them comes out as raw
//! bytes, unparsed, so that one bad record spoils no other. Within a piece,
//! strings and the number of open brackets are followed and nothing else:
//! whether a piece is valid JSON is for [`super::parse`] to say.

use std::io::{self, Read};

use super::BYTE_ORDER_MARK;
use super::window::{Scan, Window};
use crate::Limits;

/// Stands for any name or position in the path of a container.
const ANY: &str = "*";

/// One child of an opened container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Dotted path of the container that it stands in; empty for the root.
    pub path: &'a str,
    /// Its name or position there.
    pub key: Key<'a>,
    /// Byte offset of its first byte in the document.
    pub byte: u64,
    /// Its first byte, which tells its type also where it is too long.
    pub first: u8,
    /// Its bytes, without white space around them.
    pub content: Content<'a>,
}

/// What a piece is called in its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Name in an object. A root that is no opened container comes out as one
    /// piece with an empty name.
    Name(&'a str),
    /// Position in a list, from 0.
    Index(u64),
}

/// The bytes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// There are more than `Limits::max_record_bytes`; they were read past.
    TooLong {
        /// How many there are.
        bytes: u64,
    },
}

/// Why a document cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum PiecesError {
    /// The reader failed.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The document is no JSON at a level that is walked.
    #[error("not valid JSON: {reason} (byte {byte})")]
    Syntax {
        /// Byte offset.
        byte: u64,
        /// What was expected and what was found.
        reason: String,
    },
    /// The document ends before it is complete. Every whole piece has come out.
    #[error("it is cut short: it ends at byte {byte} within the document")]
    Truncated {
        /// Byte offset of the end.
        byte: u64,
    },
}

/// The piece in which a document was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Dotted path of its container.
    pub path: String,
    /// Its name, or its position in digits.
    pub key: String,
    /// Byte offset of its first byte.
    pub byte: u64,
}

/// Reads a document piece by piece.
///
/// ```
/// use caveat_importer::{Limits, json::{Content, Key, Pieces}};
/// let text = br#"{"version": 4, "results": [{"id": 1}, {"id": 2}]}"#;
/// let mut pieces = Pieces::new(&text[..], &["results"], &Limits::default());
/// let mut found = Vec::new();
/// while let Some(piece) = pieces.next_piece().unwrap() {
///     let Content::Whole(bytes) = piece.content else { continue };
///     let key = match piece.key {
///         Key::Name(name) => name.to_owned(),
///         Key::Index(index) => index.to_string(),
///     };
///     found.push(format!("{}/{key}={}", piece.path, String::from_utf8_lossy(bytes)));
/// }
/// assert_eq!(found, ["/version=4", r#"results/0={"id": 1}"#, r#"results/1={"id": 2}"#]);
/// ```
#[derive(Debug)]
pub struct Pieces<R> {
    window: Window<R>,
    open: Vec<Opened>,
    ignored: Vec<Vec<String>>,
    max_piece_bytes: usize,
    stack: Vec<Container>,
    path: String,
    key: String,
    state: State,
    unfinished: Option<Unfinished>,
}

/// A path to open, and how many containers were found there.
#[derive(Debug)]
struct Opened {
    path: Vec<String>,
    found: u64,
    lists: u64,
}

/// An opened container that has not ended.
#[derive(Debug)]
struct Container {
    is_list: bool,
    /// Position of the next child.
    next: u64,
    /// Its own name or position in the container around it.
    name: String,
    /// Length of the path of the container around it.
    outer_path_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the root.
    Start,
    /// After `{` or `[`.
    First,
    /// After a child.
    After,
    /// After the root.
    End,
    /// Nothing more comes out.
    Done,
}

/// What the walk met.
enum Step {
    /// A value starts at the front of the window; its key is in `self.key`.
    Value,
    /// The walk went on without a value.
    Moved,
    /// The document is complete.
    Complete,
}

impl<R: Read> Pieces<R> {
    /// Reads from a reader, which needs no buffer of its own.
    ///
    /// `open` names the containers to walk by dotted path: `""` is the root,
    /// `"results"` the member of that name, `"results.*"` whatever stands in
    /// it, by name or position. Containers around a named one are walked as
    /// well. A name that itself holds a dot matches only `*`. A piece is at most
    /// `limits.max_record_bytes` long.
    pub fn new(reader: R, open: &[&str], limits: &Limits) -> Self {
        let mut paths: Vec<Vec<String>> = Vec::new();
        for path in open {
            let path = split(path);
            for length in 0..=path.len() {
                let outer: Vec<String> = path.iter().take(length).cloned().collect();
                if !paths.contains(&outer) {
                    paths.push(outer);
                }
            }
        }
        let open = paths.into_iter().map(|path| Opened {
            path,
            found: 0,
            lists: 0,
        });
        Self {
            window: Window::new(reader),
            open: open.collect(),
            ignored: Vec::new(),
            max_piece_bytes: usize::try_from(limits.max_record_bytes).unwrap_or(usize::MAX),
            stack: Vec::new(),
            path: String::new(),
            key: String::new(),
            state: State::Start,
            unfinished: None,
        }
    }

    /// Names members to read past without keeping them; they may be of any size
    /// and never come out.
    #[must_use]
    pub fn ignoring(mut self, paths: &[&str]) -> Self {
        self.ignored.extend(paths.iter().map(|path| split(path)));
        self
    }

    /// Bytes of the document that have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.window.byte()
    }

    /// How many containers were opened at a path, spelled as in [`Pieces::new`]:
    /// tells an empty list from none, and a repeated one from one.
    pub fn containers(&self, path: &str) -> u64 {
        self.opened(path).map_or(0, |opened| opened.found)
    }

    /// How many of those containers are lists; the others are objects.
    pub fn lists(&self, path: &str) -> u64 {
        self.opened(path).map_or(0, |opened| opened.lists)
    }

    fn opened(&self, path: &str) -> Option<&Opened> {
        let path = split(path);
        self.open.iter().find(|opened| opened.path == path)
    }

    /// The piece in which the document was cut short, after
    /// [`PiecesError::Truncated`]; `None` if it ends between two pieces.
    pub fn unfinished(&self) -> Option<&Unfinished> {
        self.unfinished.as_ref()
    }

    /// Dotted path of the container that the walk is in: after an error, the one
    /// that is not complete. Tells a record that was cut from a whole one before the cut.
    pub fn container(&self) -> &str {
        &self.path
    }

    /// Reads the next piece, or `None` at the end of the document or after an error.
    ///
    /// # Errors
    /// A [`PiecesError`]; the pieces before it are good.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, PiecesError> {
        let state = self.state;
        // What fails leaves the walk at its end.
        self.state = State::Done;
        if state == State::Done {
            return Ok(None);
        }
        let Some((first, found)) = self.walk(state)? else {
            return Ok(None);
        };
        let key = match self.stack.last() {
            Some(container) if container.is_list => Key::Index(container.next.saturating_sub(1)),
            _ => Key::Name(&self.key),
        };
        let content = match found.kept {
            Some(length) => Content::Whole(self.window.taken(length)),
            None => Content::TooLong { bytes: found.bytes },
        };
        Ok(Some(Piece {
            path: &self.path,
            key,
            byte: found.start,
            first,
            content,
        }))
    }

    /// Walks to the next piece and takes its bytes off the window.
    fn walk(&mut self, mut state: State) -> Result<Option<(u8, Found)>, PiecesError> {
        loop {
            let (step, next) = self.step(state)?;
            state = next;
            match step {
                Step::Moved => continue,
                Step::Complete => return Ok(None),
                Step::Value => {}
            }
            let after = if self.stack.is_empty() {
                State::End
            } else {
                State::After
            };
            let first = self.window.peek()?;
            if self.is_ignored() {
                self.value(true)?;
                state = after;
            } else if matches!(first, Some(b'{' | b'[')) && self.enter(first == Some(b'['))? {
                state = State::First;
            } else {
                let found = self.value(false)?;
                self.state = after;
                return Ok(first.map(|first| (first, found)));
            }
        }
    }

    /// Moves over white space and punctuation.
    fn step(&mut self, state: State) -> Result<(Step, State), PiecesError> {
        if state == State::Start {
            self.window.skip(BYTE_ORDER_MARK)?;
        }
        self.window.skip_white_space()?;
        let next = self.window.peek()?;
        match (state, next) {
            (State::End, None) => return Ok((Step::Complete, State::Done)),
            (State::End, Some(_)) => return Err(self.syntax("the end of the document", next)),
            (State::Start, Some(_)) => return Ok((Step::Value, State::Start)),
            (_, None) => return Err(self.truncated()),
            _ => {}
        }
        let Some(container) = self.stack.last_mut() else {
            return Ok((Step::Complete, State::Done));
        };
        let is_list = container.is_list;
        let closing = if is_list { b']' } else { b'}' };
        if next == Some(closing) {
            self.window.advance(1);
            return Ok((Step::Moved, self.leave()));
        }
        if state == State::After {
            if next != Some(b',') {
                let expected = if is_list { "`,` or `]`" } else { "`,` or `}`" };
                return Err(self.syntax(expected, next));
            }
            self.window.advance(1);
            self.window.skip_white_space()?;
        }
        self.key.clear();
        if is_list {
            self.next_position();
        } else {
            self.name()?;
        }
        if self.window.peek()?.is_none() {
            return Err(self.truncated());
        }
        Ok((Step::Value, State::After))
    }

    fn next_position(&mut self) {
        use std::fmt::Write as _;
        if let Some(container) = self.stack.last_mut() {
            // Writing to a string cannot fail.
            let _ = write!(self.key, "{}", container.next);
            container.next += 1;
        }
    }

    /// Reads a name and the colon after it.
    fn name(&mut self) -> Result<(), PiecesError> {
        let next = self.window.peek()?;
        match next {
            None => return Err(self.truncated()),
            Some(b'"') => {}
            Some(_) => return Err(self.syntax("a name in quotes", next)),
        }
        let byte = self.window.byte();
        let syntax = |reason: String| PiecesError::Syntax { byte, reason };
        let found = self.value(false)?;
        let Some(length) = found.kept else {
            let longest = self.max_piece_bytes;
            let bytes = found.bytes;
            return Err(syntax(format!(
                "a name of {bytes} bytes, at most {longest} are read"
            )));
        };
        let limits = Limits {
            max_record_bytes: u64::MAX,
            ..Limits::default()
        };
        self.key = super::parse(self.window.taken(length), &limits)
            .map_err(|fault| syntax(format!("a name that is {}", fault.reason)))?;
        self.window.skip_white_space()?;
        let next = self.window.peek()?;
        if let Some(found) = next {
            if found != b':' {
                return Err(self.syntax("`:`", next));
            }
            self.window.advance(1);
            self.window.skip_white_space()?;
        }
        // A name whose value is gone is a piece that was begun.
        if self.window.peek()?.is_none() {
            self.begun(byte);
            return Err(self.truncated());
        }
        Ok(())
    }

    /// Takes the value at the front of the window.
    fn value(&mut self, is_ignored: bool) -> Result<Found, PiecesError> {
        let start = self.window.byte();
        let next = self.window.peek()?;
        if let None | Some(b',' | b':' | b']' | b'}') = next {
            return Err(self.syntax("a value", next));
        }
        let longest = if is_ignored { 0 } else { self.max_piece_bytes };
        let (scan, found) = self.window.take_value(longest)?;
        let is_whole = match scan {
            Scan::Ended => true,
            // A bare word at the root ends with the document.
            Scan::InWord => self.stack.is_empty(),
            Scan::Open => false,
        };
        if is_whole {
            return Ok(found);
        }
        self.begun(start);
        Err(self.truncated())
    }

    /// Enters the container at the front of the window if it is to be walked.
    fn enter(&mut self, is_list: bool) -> Result<bool, PiecesError> {
        let is_root = self.stack.is_empty();
        let (stack, key) = (&self.stack, self.key.as_str());
        let Some(opened) = self
            .open
            .iter_mut()
            .find(|opened| matches(&opened.path, stack, (!is_root).then_some(key)))
        else {
            return Ok(false);
        };
        opened.found += 1;
        opened.lists += u64::from(is_list);
        self.window.advance(1);
        let outer_path_bytes = self.path.len();
        if !is_root {
            if self.stack.len() > 1 {
                self.path.push('.');
            }
            self.path.push_str(&self.key);
        }
        self.stack.push(Container {
            is_list,
            next: 0,
            name: std::mem::take(&mut self.key),
            outer_path_bytes,
        });
        Ok(true)
    }

    fn leave(&mut self) -> State {
        if let Some(container) = self.stack.pop() {
            self.path.truncate(container.outer_path_bytes);
        }
        if self.stack.is_empty() {
            State::End
        } else {
            State::After
        }
    }

    fn is_ignored(&self) -> bool {
        let key = (!self.stack.is_empty()).then_some(self.key.as_str());
        self.ignored
            .iter()
            .any(|path| matches(path, &self.stack, key))
    }

    /// Keeps what is known of a piece that will not be completed.
    fn begun(&mut self, byte: u64) {
        self.unfinished = Some(Unfinished {
            path: self.path.clone(),
            key: self.key.clone(),
            byte,
        });
    }

    fn truncated(&self) -> PiecesError {
        PiecesError::Truncated {
            byte: self.window.byte(),
        }
    }

    fn syntax(&self, expected: &str, found: Option<u8>) -> PiecesError {
        let found = match found {
            None => "the end".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            Some(byte) => format!("the byte 0x{byte:02x}"),
        };
        PiecesError::Syntax {
            byte: self.window.byte(),
            reason: format!("expected {expected}, found {found}"),
        }
    }
}

/// A value that was taken off the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Byte offset of its first byte.
    pub(super) start: u64,
    /// Its length.
    pub(super) bytes: u64,
    /// Its length in the window, where it was kept.
    pub(super) kept: Option<usize>,
}

fn split(path: &str) -> Vec<String> {
    if path.is_empty() {
        return Vec::new();
    }
    path.split('.').map(str::to_owned).collect()
}

/// Whether a path names the child `key` of the innermost container; `None` is the root.
fn matches(path: &[String], stack: &[Container], key: Option<&str>) -> bool {
    // The first container is the root, which has no name.
    let names = stack
        .iter()
        .skip(1)
        .map(|container| container.name.as_str());
    let mut names = names.chain(key);
    let mut pattern = path.iter();
    loop {
        match (pattern.next(), names.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if pattern == ANY || pattern == name => {}
            _ => return false,
        }
    }
}
