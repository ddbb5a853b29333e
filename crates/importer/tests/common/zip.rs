//! Writes ZIP archives of which every field can lie.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;

/// One member and what is said of it.
#[derive(Clone, Default)]
pub(crate) struct Part {
    pub(crate) name: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) packed: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) crc: u32,
    pub(crate) extra: Vec<u8>,
    pub(crate) disk: u16,
    /// Sizes stand in a zip64 field, in directory and header.
    pub(crate) zip64: bool,
    /// Sizes stand behind the data.
    pub(crate) sizes_follow: bool,
    /// Number of the byte that the directory points at.
    pub(crate) header_start: Option<usize>,
    pub(crate) declared_size: Option<u64>,
    pub(crate) declared_compressed: Option<u64>,
    pub(crate) declared_crc: Option<u32>,
    pub(crate) local_magic: [u8; 4],
    pub(crate) local_name: Option<String>,
    pub(crate) local_method: Option<u16>,
    pub(crate) local_flags: Option<u16>,
    pub(crate) local_size: Option<u64>,
    pub(crate) local_crc: Option<u32>,
    pub(crate) local_extra_bytes: Option<u16>,
}

impl Part {
    pub(crate) fn of(name: &str, method: u16, packed: &[u8], text: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(text);
        Self {
            name: name.as_bytes().to_vec(),
            method,
            packed: packed.to_vec(),
            size: text.len() as u64,
            crc: crc.sum(),
            local_magic: *b"PK\x03\x04",
            ..Self::default()
        }
    }

    pub(crate) fn stored(name: &str, text: &[u8]) -> Self {
        Self::of(name, 0, text, text)
    }

    pub(crate) fn stored_raw(name: &[u8], text: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            ..Self::stored("", text)
        }
    }

    pub(crate) fn deflated(name: &str, text: &[u8]) -> Self {
        Self::of(name, 8, &deflate(text), text)
    }

    pub(crate) fn zstd(name: &str, text: &[u8]) -> Self {
        Self::of(name, 93, &zstd(text), text)
    }

    fn flags(&self) -> u16 {
        self.flags | u16::from(self.sizes_follow) << 3
    }

    fn sizes(&self) -> (u32, u64, u64) {
        (
            self.declared_crc.unwrap_or(self.crc),
            self.declared_compressed.unwrap_or(self.packed.len() as u64),
            self.declared_size.unwrap_or(self.size),
        )
    }

    fn extra(&self, compressed: u64, size: u64) -> Vec<u8> {
        let mut extra = Vec::new();
        if self.zip64 {
            extra.extend([1, 0, 16, 0]);
            extra.extend(size.to_le_bytes());
            extra.extend(compressed.to_le_bytes());
        }
        extra.extend(&self.extra);
        extra
    }

    fn narrow(&self, size: u64) -> u32 {
        if self.zip64 { u32::MAX } else { size as u32 }
    }

    fn local(&self) -> Vec<u8> {
        let (crc, compressed, size) = match self.sizes_follow {
            true => (0, 0, 0),
            false => self.sizes(),
        };
        let size = self.local_size.unwrap_or(size);
        let name = self
            .local_name
            .as_ref()
            .map_or(&self.name[..], |name| name.as_bytes());
        let extra = self.extra(compressed, size);
        let mut bytes = self.local_magic.to_vec();
        bytes.extend(45_u16.to_le_bytes());
        bytes.extend(self.local_flags.unwrap_or(self.flags()).to_le_bytes());
        bytes.extend(self.local_method.unwrap_or(self.method).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.local_crc.unwrap_or(crc).to_le_bytes());
        bytes.extend(self.narrow(compressed).to_le_bytes());
        bytes.extend(self.narrow(size).to_le_bytes());
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend(
            self.local_extra_bytes
                .unwrap_or(extra.len() as u16)
                .to_le_bytes(),
        );
        bytes.extend(name);
        bytes.extend(extra);
        bytes.extend(&self.packed);
        if self.sizes_follow {
            let (crc, compressed, size) = self.sizes();
            bytes.extend(b"PK\x07\x08");
            bytes.extend(crc.to_le_bytes());
            bytes.extend((compressed as u32).to_le_bytes());
            bytes.extend((size as u32).to_le_bytes());
        }
        bytes
    }

    fn central(&self, header_start: u64) -> Vec<u8> {
        let (crc, compressed, size) = self.sizes();
        let extra = self.extra(compressed, size);
        let header_start = self.header_start.map_or(header_start, |start| start as u64);
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend([45, 3, 45, 0]);
        bytes.extend(self.flags().to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(crc.to_le_bytes());
        bytes.extend(self.narrow(compressed).to_le_bytes());
        bytes.extend(self.narrow(size).to_le_bytes());
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(self.disk.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend((header_start as u32).to_le_bytes());
        bytes.extend(&self.name);
        bytes.extend(extra);
        bytes
    }
}

/// An archive and what its end says of it.
#[derive(Clone, Default)]
pub(crate) struct Zip {
    pub(crate) parts: Vec<Part>,
    pub(crate) comment: Vec<u8>,
    pub(crate) zip64: bool,
    pub(crate) zip64_shift: i64,
    pub(crate) directory_shift: i64,
    pub(crate) declared_entries: Option<u16>,
    pub(crate) disk: u16,
}

impl Zip {
    pub(crate) fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        Self {
            parts: parts.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut directory = Vec::new();
        for part in &self.parts {
            directory.extend(part.central(bytes.len() as u64));
            bytes.extend(part.local());
        }
        let entries = self.declared_entries.unwrap_or(self.parts.len() as u16);
        let start = (bytes.len() as i64 + self.directory_shift) as u64;
        bytes.extend(&directory);
        if self.zip64 {
            let end = bytes.len() as u64;
            bytes.extend(b"PK\x06\x06");
            bytes.extend(44_u64.to_le_bytes());
            bytes.extend([45, 3, 45, 0]);
            bytes.extend([0; 8]);
            bytes.extend((self.parts.len() as u64).to_le_bytes());
            bytes.extend((self.parts.len() as u64).to_le_bytes());
            bytes.extend((directory.len() as u64).to_le_bytes());
            bytes.extend(start.to_le_bytes());
            bytes.extend(b"PK\x06\x07");
            bytes.extend([0; 4]);
            bytes.extend(((end as i64 + self.zip64_shift) as u64).to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
        }
        bytes.extend(b"PK\x05\x06");
        bytes.extend(self.disk.to_le_bytes());
        bytes.extend(self.disk.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend((directory.len() as u32).to_le_bytes());
        bytes.extend((start as u32).to_le_bytes());
        bytes.extend((self.comment.len() as u16).to_le_bytes());
        bytes.extend(&self.comment);
        bytes
    }
}

pub(crate) fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    ::zstd::stream::encode_all(text, 3).unwrap()
}

/// An empty frame whose header asks for a window of this many bytes, as a power of two.
pub(crate) fn zstd_frame_with_window(log: u8) -> Vec<u8> {
    // Magic, no flags, the window, one last raw block of no bytes.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3];
    frame.extend([1, 0, 0]);
    frame
}
