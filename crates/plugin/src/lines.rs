//! Lines out of the pieces that a pipe hands over.
//!
//! Holds at most one line and one piece: a line that grows past the bound is
//! known as such before its end has come, which may be never.

/// Collects pieces and hands out lines.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
    /// Where the line that is next begins.
    start: usize,
    /// Up to where there is no line end.
    scanned: usize,
    /// Lines handed out so far.
    lines: u64,
}

/// A line grew past the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl LineBuffer {
    /// Adds a piece.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(piece);
    }

    /// Whether a whole line has come.
    pub(crate) fn has_line(&mut self, limit: u64) -> Result<bool, TooLong> {
        let unread = self.bytes.get(self.scanned..).unwrap_or_default();
        let found = memchr::memchr(b'\n', unread);
        self.scanned = found.map_or(self.bytes.len(), |end| self.scanned + end);
        let length = self.scanned - self.start;
        match u64::try_from(length).is_ok_and(|length| length <= limit) {
            true => Ok(found.is_some()),
            false => Err(TooLong),
        }
    }

    /// The line that [`Self::has_line`] found, without its end.
    pub(crate) fn take(&mut self) -> &[u8] {
        let (first, last) = (self.start, self.scanned);
        self.start = (last + 1).min(self.bytes.len());
        self.scanned = self.start;
        self.lines += 1;
        let line = self.bytes.get(first..last).unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Lines handed out so far: the number of the last one.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// What has come and was not handed out.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lines_are_the_same_whatever_the_pieces() {
        let text = b"one\r\n\nthree\nrest";
        for size in 1..text.len() {
            let (mut buffer, mut found) = (LineBuffer::default(), Vec::new());
            for piece in text.chunks(size) {
                buffer.add(piece);
                while buffer.has_line(100).unwrap() {
                    found.push(buffer.take().to_vec());
                }
            }
            assert_eq!(found, [b"one".to_vec(), Vec::new(), b"three".to_vec()]);
            assert_eq!((buffer.lines(), buffer.rest()), (3, &b"rest"[..]));
        }
    }

    #[test]
    fn a_line_is_too_long_before_its_end_has_come() {
        let mut buffer = LineBuffer::default();
        buffer.add(b"12345");
        assert_eq!(buffer.has_line(5), Ok(false));
        buffer.add(b"6");
        assert_eq!(buffer.has_line(5), Err(TooLong));
        let mut whole = LineBuffer::default();
        whole.add(b"123456\n");
        assert_eq!(whole.has_line(5), Err(TooLong));
        let mut fits = LineBuffer::default();
        fits.add(b"12345\n");
        assert_eq!(fits.has_line(5), Ok(true));
        assert_eq!(fits.take(), b"12345");
    }
}
