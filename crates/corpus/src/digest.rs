//! SHA-256 digests in lower-case hexadecimal.
//!
//! A [`DigestBuilder`] frames every part with its length, so that no two lists
//! of parts share a digest by running together ("ab" + "c" against "a" + "bc").

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct Digest([u8; 32]);

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest of 64 hexadecimal digits")]
pub struct NotADigest;

impl Digest {
    /// Digests one piece of bytes as it stands (what `sha256sum` prints).
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps the result of an incremental SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        // Millions of keys are written this way; formatting each byte would be a
        // tenth of an import.
        const DIGITS: [char; 16] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
        ];
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            text.push(DIGITS[usize::from(byte >> 4)]);
            text.push(DIGITS[usize::from(byte & 15)]);
        }
        text
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`NotADigest`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !text.is_ascii() {
            return Err(NotADigest);
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotADigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_hex()
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text)
    }
}

/// Digests a list of optional parts.
#[derive(Clone, Default)]
pub struct DigestBuilder(Sha256);

impl DigestBuilder {
    /// Starts a digest for one purpose; two purposes never share a digest.
    pub fn new(purpose: &str) -> Self {
        let mut builder = Self::default();
        builder.part(purpose.as_bytes());
        builder
    }

    /// Adds one part with its length in front.
    pub fn part(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update([1]);
        self.0.update(length.to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a part, or the fact that it is absent (which is not an empty part).
    pub fn optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.part(bytes),
            None => {
                self.0.update([0]);
                self
            }
        }
    }

    /// Ends the digest.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_abc_is_the_one_in_the_standard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_hex(), expected);
        assert_eq!(Digest::from_hex(expected), Ok(Digest::of(b"abc")));
        assert_eq!(Digest::from_hex("ba78"), Err(NotADigest));
        assert_eq!(Digest::from_hex(&"é".repeat(32)), Err(NotADigest));
    }

    #[test]
    fn parts_do_not_run_together() {
        let digest = |parts: &[Option<&str>]| {
            let mut builder = DigestBuilder::new("test");
            for part in parts {
                builder.optional(part.map(str::as_bytes));
            }
            builder.finish()
        };
        assert_ne!(
            digest(&[Some("ab"), Some("c")]),
            digest(&[Some("a"), Some("bc")])
        );
        assert_ne!(digest(&[None]), digest(&[Some("")]));
    }
}
