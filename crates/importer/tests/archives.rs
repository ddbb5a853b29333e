//! Tables of archives, good and hostile, and what comes out of them.
//!
//! Most are written byte by byte, so that each part can lie by itself; some are
//! written by another program's library.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read as _, Write as _};
use std::path::Path;

use caveat_importer::archive::{Archive, ArchiveFault, ArchiveLimits};
use common::zip::{Part, Zip, deflate, zstd, zstd_frame_with_window};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Each member as `name=text` or `name: fault`, then the notes; or the refusal.
fn outcome(bytes: &[u8], limits: &ArchiveLimits) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.zip");
    std::fs::write(&path, bytes).unwrap();
    let found = read(&path, limits);
    // Nothing is ever written, whatever the names say.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    found
}

fn read(path: &Path, limits: &ArchiveLimits) -> Vec<String> {
    let mut archive = match Archive::open(path, limits) {
        Ok(archive) => archive,
        Err(fault) => {
            assert!(!fault.hint().is_empty());
            return vec![format!("refused: {fault}")];
        }
    };
    let mut found = Vec::new();
    for member in archive.members().to_vec() {
        let name = member.name.clone();
        found.push(match archive.read_all(&member, u64::MAX) {
            Ok(bytes) if bytes.len() > 50 => format!("{name}=<{} bytes>", bytes.len()),
            Ok(bytes) => format!("{name}={}", String::from_utf8_lossy(&bytes)),
            Err(fault) => fault.to_string(),
        });
    }
    found.extend(archive.notes().iter().map(|note| format!("note: {note}")));
    found
}

type Case = (&'static str, Vec<u8>, &'static [&'static str]);

fn check(cases: Vec<Case>) {
    for (name, bytes, expected) in cases {
        assert_eq!(
            outcome(&bytes, &ArchiveLimits::default()),
            expected,
            "{name}"
        );
    }
}

fn one(part: Part) -> Vec<u8> {
    Zip::of([part]).written()
}

#[test]
fn good_archives_come_out_whole() {
    check(vec![
        ("empty", Zip::of([]).written(), &[]),
        ("stored", one(Part::stored("a", b"text")), &["a=text"]),
        ("deflated", one(Part::deflated("a", b"text")), &["a=text"]),
        ("zstd", one(Part::zstd("a", b"text")), &["a=text"]),
        (
            "zstd in three frames, one of them empty",
            one(Part::of(
                "a",
                93,
                &[zstd(b"te"), zstd(b""), zstd(b"xt")].concat(),
                b"text",
            )),
            &["a=text"],
        ),
        (
            "zstd with a frame to skip",
            one(Part::of(
                "a",
                93,
                &[b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(b"text")].concat(),
                b"text",
            )),
            &["a=text"],
        ),
        ("no bytes", one(Part::stored("a", b"")), &["a="]),
        ("no bytes, deflated", one(Part::deflated("a", b"")), &["a="]),
        (
            "members of every kind in their order",
            Zip::of([
                Part::zstd("z", b"1"),
                Part::stored("a", b"2"),
                Part::deflated("m", b"3"),
            ])
            .written(),
            &["z=1", "a=2", "m=3"],
        ),
        (
            "folders are left out",
            Zip::of([Part::stored("d/", b""), Part::stored("d/a", b"x")]).written(),
            &["d/a=x"],
        ),
        (
            "a comment",
            Zip {
                comment: b"made by hand".to_vec(),
                ..Zip::of([Part::stored("a", b"x")])
            }
            .written(),
            &["a=x"],
        ),
        (
            "sizes behind the data",
            one(Part {
                sizes_follow: true,
                ..Part::deflated("a", b"text")
            }),
            &["a=text"],
        ),
        (
            "an extra field of another program",
            one(Part {
                extra: vec![0x55, 0x54, 1, 0, 7],
                ..Part::stored("a", b"x")
            }),
            &["a=x"],
        ),
        (
            "zip64 sizes in directory and header",
            one(Part {
                zip64: true,
                ..Part::stored("a", b"text")
            }),
            &["a=text"],
        ),
        (
            "zip64 end record",
            Zip {
                zip64: true,
                ..Zip::of([Part::stored("a", b"text")])
            }
            .written(),
            &["a=text"],
        ),
        (
            "an older member of the same name",
            Zip::of([
                Part::stored("a", b"old"),
                Part::stored("b", b"x"),
                Part::deflated("a", b"new"),
            ])
            .written(),
            &[
                "b=x",
                "a=new",
                "note: members that occur more than once, of which the last is read: 1 older ones, the first of them `a`",
            ],
        ),
        (
            "names that climb are labels",
            Zip::of([
                Part::stored("../../etc/x", b"1"),
                Part::stored("/abs", b"2"),
                Part::stored("C:\\x\\..\\y", b"3"),
            ])
            .written(),
            &["../../etc/x=1", "/abs=2", "C:\\x\\..\\y=3"],
        ),
        (
            "names with quotes and control characters",
            one(Part::stored("samples/a\"b\u{1b}[31m.json", b"1")),
            &["samples/a\"b\u{1b}[31m.json=1"],
        ),
        (
            "a name that is not UTF-8",
            one(Part::stored_raw(b"caf\xe9", b"x")),
            &["caf\u{fffd}=x", "note: member names that are not UTF-8: 1"],
        ),
        ("an empty name", one(Part::stored("", b"x")), &["=x"]),
    ]);
}

#[test]
fn an_archive_that_contradicts_itself_is_refused() {
    let two = || Zip::of([Part::stored("a", b"first"), Part::stored("b", b"second")]);
    let overlapping = |from: usize| {
        let mut zip = two();
        zip.parts[1].header_start = Some(from);
        zip.written()
    };
    let trailing = [two().written(), b"junk".to_vec()].concat();
    let leading = [b"MZ stub".to_vec(), two().written()].concat();
    let shifted = [b"PK\x03\x04 stub".to_vec(), two().written()].concat();
    let inner = Zip::of([]).written();
    check(vec![
        (
            "two members share a header",
            overlapping(0),
            &["refused: the archive contradicts itself: member `a` overlaps `b`"],
        ),
        (
            "a member starts within another",
            overlapping(3),
            &["refused: the archive contradicts itself: member `a` overlaps `b`"],
        ),
        (
            "a member runs into the directory",
            {
                let mut zip = two();
                zip.parts[1].declared_compressed = Some(500);
                zip.parts[1].declared_size = Some(500);
                zip.written()
            },
            &["refused: the archive contradicts itself: member `b` overlaps the directory"],
        ),
        (
            "a size beyond every file",
            {
                let mut zip = two();
                zip.parts[1].zip64 = true;
                zip.parts[1].declared_compressed = Some(u64::MAX);
                zip.written()
            },
            &["refused: the archive contradicts itself: member `b` overlaps the directory"],
        ),
        (
            "bytes behind the end",
            trailing,
            &["refused: the archive contradicts itself: 4 bytes follow its end record"],
        ),
        (
            "bytes in front, not an archive's",
            leading,
            &["refused: expected a ZIP archive, found a file that does not start as one"],
        ),
        (
            "bytes in front, an archive's",
            shifted,
            &[
                "refused: the archive contradicts itself: its directory of 94 bytes is said to start at byte 73, but ends at byte 176",
            ],
        ),
        (
            "a second end record in the comment",
            Zip {
                comment: inner.clone(),
                ..two()
            }
            .written(),
            &["refused: the archive contradicts itself: it has two end records"],
        ),
        (
            "more members than the directory has",
            Zip {
                declared_entries: Some(3),
                ..two()
            }
            .written(),
            &[
                "refused: the archive contradicts itself: its end record says that it has 3 members, its directory has 2",
            ],
        ),
        (
            "fewer members than the directory has",
            Zip {
                declared_entries: Some(1),
                ..two()
            }
            .written(),
            &[
                "refused: the archive contradicts itself: its end record says that it has 1 members, its directory has 2",
            ],
        ),
        (
            "a directory that is elsewhere",
            Zip {
                directory_shift: -1,
                ..two()
            }
            .written(),
            &[
                "refused: the archive contradicts itself: its directory of 94 bytes is said to start at byte 72, but ends at byte 167",
            ],
        ),
        (
            "several disks",
            Zip { disk: 1, ..two() }.written(),
            &[
                "refused: the archive contradicts itself: it is one part of an archive of several files",
            ],
        ),
        (
            "a member on another disk",
            one(Part {
                disk: 2,
                ..Part::stored("a", b"x")
            }),
            &[
                "refused: the archive contradicts itself: member `a` is said to stand in another file",
            ],
        ),
        (
            "two lists of sizes",
            one(Part {
                extra: vec![1, 0, 0, 0, 1, 0, 0, 0],
                ..Part::stored("a", b"x")
            }),
            &["refused: the archive contradicts itself: member `a` has two lists of sizes"],
        ),
        (
            "extra fields that do not add up",
            one(Part {
                extra: vec![1, 0, 200, 0, 1],
                ..Part::stored("a", b"x")
            }),
            &["refused: the archive contradicts itself: entry 1 of its directory is damaged"],
        ),
        (
            "two end records of different content",
            Zip {
                zip64: true,
                declared_entries: Some(7),
                ..two()
            }
            .written(),
            &["refused: the archive contradicts itself: its two end records say different things"],
        ),
        (
            "a zip64 end record that is elsewhere",
            Zip {
                zip64: true,
                zip64_shift: 4,
                ..two()
            }
            .written(),
            &[
                "refused: the archive contradicts itself: its zip64 end record is not where the archive says it is",
            ],
        ),
    ]);
}

#[test]
fn a_member_that_is_not_what_the_directory_says_is_refused() {
    let text = || Part::deflated("a", b"text");
    check(vec![
        (
            "another name in front",
            one(Part {
                local_name: Some("b".to_owned()),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another name than the directory",
            ],
        ),
        (
            "a longer name in front",
            one(Part {
                local_name: Some("aa".to_owned()),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another name than the directory",
            ],
        ),
        (
            "another compression in front",
            one(Part {
                local_method: Some(0),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another compression than the directory",
            ],
        ),
        (
            "another size in front",
            one(Part {
                local_size: Some(3),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another size or checksum than the directory",
            ],
        ),
        (
            "another checksum in front",
            one(Part {
                local_crc: Some(3),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another size or checksum than the directory",
            ],
        ),
        (
            "another checksum in front of sizes that follow",
            one(Part {
                local_crc: Some(3),
                sizes_follow: true,
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has another size or checksum than the directory",
            ],
        ),
        (
            "encrypted only in front",
            one(Part {
                local_flags: Some(1),
                ..text()
            }),
            &[
                "member `a` is damaged: the header in front of it has other flags than the directory",
            ],
        ),
        (
            "no header in front",
            Zip::of([
                Part::stored("z", b""),
                Part {
                    local_magic: *b"PK\x03\x05",
                    ..text()
                },
            ])
            .written(),
            &[
                "z=",
                "member `a` is damaged: there is no header in front of it",
            ],
        ),
        (
            "a longer extra field in front than there is room for",
            one(Part {
                local_extra_bytes: Some(40_000),
                ..text()
            }),
            &["member `a` is damaged: it stands behind the end of the file"],
        ),
        (
            "a longer extra field in front",
            one(Part {
                local_extra_bytes: Some(4),
                ..Part::stored("a", b"\x07\0\0\0text")
            }),
            &["member `a` is damaged: it overlaps what follows it"],
        ),
        (
            "more comes out than is declared",
            one(Part {
                declared_size: Some(3),
                ..text()
            }),
            &["member `a` is damaged: more comes out of it than the 3 bytes that are declared"],
        ),
        (
            "less comes out than is declared",
            one(Part {
                declared_size: Some(5),
                ..text()
            }),
            &["member `a` is damaged: 4 bytes come out of it, 5 are declared"],
        ),
        (
            "stored with two sizes",
            one(Part {
                declared_size: Some(2),
                ..Part::stored("a", b"text")
            }),
            &["member `a` is damaged: more comes out of it than the 2 bytes that are declared"],
        ),
        (
            "another checksum",
            one(Part {
                declared_crc: Some(1),
                ..text()
            }),
            &["member `a` is damaged: its checksum differs from the declared one"],
        ),
        (
            "bytes behind the deflated data",
            one(Part::of(
                "a",
                8,
                &[deflate(b"text"), b"hidden".to_vec()].concat(),
                b"text",
            )),
            &["member `a` is damaged: bytes follow the end of its data"],
        ),
        (
            "deflated data cut short",
            one(Part::of("a", 8, &deflate(b"text")[..3], b"text")),
            &["member `a` is damaged: its data end too early"],
        ),
        (
            "zstd data cut short",
            one(Part::of("a", 93, &zstd(b"text")[..9], b"text")),
            &["member `a` is damaged: its data end too early"],
        ),
        (
            "zstd with a second frame that is none",
            one(Part::of(
                "a",
                93,
                &[zstd(b"text"), b"hidden".to_vec()].concat(),
                b"text",
            )),
            &["member `a` is damaged: it cannot be decompressed (Unknown frame descriptor)"],
        ),
        (
            "a zstd window of 256 MiB",
            one(Part::of("a", 93, &zstd_frame_with_window(28), b"")),
            &[
                "member `a` is damaged: it cannot be decompressed (Frame requires too much memory for decoding)",
            ],
        ),
        (
            "a zstd window of a terabyte",
            one(Part::of("a", 93, &zstd_frame_with_window(40), b"")),
            &[
                "member `a` is damaged: it cannot be decompressed (Frame requires too much memory for decoding)",
            ],
        ),
        (
            "a zstd window of 128 MiB is read",
            one(Part::of("a", 93, &zstd_frame_with_window(27), b"")),
            &["a="],
        ),
        (
            "deflate that is none",
            one(Part::of("a", 8, b"\xff\xff\xff\xff", b"text")),
            &["member `a` is damaged: it cannot be decompressed (corrupt deflate stream)"],
        ),
        (
            "encrypted",
            one(Part { flags: 1, ..text() }),
            &["member `a` is encrypted"],
        ),
        (
            "strongly encrypted",
            one(Part {
                flags: 1 << 6,
                ..text()
            }),
            &["member `a` is encrypted"],
        ),
        (
            "a method of another age",
            one(Part::of("a", 6, b"text", b"text")),
            &["member `a` is compressed with method 6; stored, deflate and zstd are read"],
        ),
        (
            "a bad member leaves the others",
            Zip::of([
                Part {
                    declared_crc: Some(1),
                    ..text()
                },
                Part::zstd("b", b"good"),
            ])
            .written(),
            &[
                "member `a` is damaged: its checksum differs from the declared one",
                "b=good",
            ],
        ),
    ]);
}

#[test]
fn what_is_no_archive_says_so() {
    check(vec![
        (
            "no bytes at all",
            Vec::new(),
            &["refused: expected a ZIP archive, found a file that does not start as one"],
        ),
        (
            "text",
            b"{\"a\": 1}".to_vec(),
            &["refused: expected a ZIP archive, found a file that does not start as one"],
        ),
        (
            "only a start",
            b"PK\x03\x04".to_vec(),
            &[
                "refused: the archive is cut short: the list of its members, which stands at the end, is missing",
            ],
        ),
        (
            "a start and zeros",
            [b"PK\x03\x04".to_vec(), vec![0; 100_000]].concat(),
            &[
                "refused: the archive is cut short: the list of its members, which stands at the end, is missing",
            ],
        ),
    ]);
}

#[test]
fn an_archive_cut_anywhere_is_refused() {
    let zip = Zip {
        zip64: true,
        comment: b"a comment".to_vec(),
        ..Zip::of([Part::zstd("a", b"text"), Part::deflated("b", b"text")])
    };
    let whole = zip.written();
    assert_eq!(
        outcome(&whole, &ArchiveLimits::default()),
        ["a=text", "b=text"]
    );
    for end in 0..whole.len() {
        let found = outcome(&whole[..end], &ArchiveLimits::default());
        assert_eq!(found.len(), 1, "{end}: {found:?}");
        assert!(found[0].starts_with("refused: "), "{end}: {found:?}");
    }
}

#[test]
fn a_changed_byte_never_gives_other_text() {
    let whole = Zip::of([
        Part::zstd("a", b"text of the first member"),
        Part::deflated("b", b"text of the second member"),
        Part {
            sizes_follow: true,
            zip64: true,
            ..Part::stored("c", b"third")
        },
    ])
    .written();
    let good = outcome(&whole, &ArchiveLimits::default());
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            for found in outcome(&bytes, &ArchiveLimits::default()) {
                let is_fault = found.starts_with("refused: ")
                    || found.starts_with("note: ")
                    || found.starts_with("member `");
                // Only a name, which no checksum covers, may come out changed.
                let text = found.split_once('=').map(|(_, text)| text);
                let is_good = good
                    .iter()
                    .any(|good| good.split_once('=').map(|(_, text)| text) == text);
                assert!(is_fault || is_good, "byte {at}: {found}");
            }
        }
    }
}

#[test]
fn limits_are_on_what_is_declared_and_on_what_comes_out() {
    let zeros = vec![0; 1 << 20];
    let zip = || Zip::of([Part::zstd("a", &zeros), Part::stored("b", b"text")]).written();
    let limits = ArchiveLimits::default();
    for (name, limits, expected) in [
        ("as it is", limits, vec!["a=<1048576 bytes>", "b=text"]),
        (
            "members",
            ArchiveLimits {
                max_members: 1,
                ..limits
            },
            vec!["refused: the archive has a number of members of 2, at most 1 are read"],
        ),
        (
            "directory",
            ArchiveLimits {
                max_directory_bytes: 93,
                ..limits
            },
            vec![
                "refused: the archive has a directory with a length in bytes of 94, at most 93 are read",
            ],
        ),
        (
            "a member",
            ArchiveLimits {
                max_member_bytes: (1 << 20) - 1,
                ..limits
            },
            vec![
                "member `a` has 1048576 bytes, at most 1048575 are read",
                "b=text",
            ],
        ),
        (
            "all members",
            ArchiveLimits {
                max_total_bytes: (1 << 20) + 3,
                ..limits
            },
            vec![
                "a=<1048576 bytes>",
                "more than 1048579 bytes come out of the archive",
            ],
        ),
    ] {
        assert_eq!(outcome(&zip(), &limits), expected, "{name}");
    }
}

#[test]
fn bombs_are_refused_before_they_expand() {
    // A quarter of a gigabyte of zeros in a few kilobytes, as 32,000 to 1.
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    let block = vec![0; 1 << 20];
    let mut crc = flate2::Crc::new();
    for _ in 0..256 {
        encoder.write_all(&block).unwrap();
        crc.update(&block);
    }
    let packed = encoder.finish().unwrap();
    let honest = Part {
        declared_size: Some(256 << 20),
        declared_crc: Some(crc.sum()),
        ..Part::of("bomb", 93, &packed, b"")
    };
    let lying = Part {
        declared_size: Some(1000),
        ..honest.clone()
    };
    let bytes = one(honest);
    let expected = format!(
        "member `bomb` expands from {} to 268435456 bytes, as a decompression bomb does",
        packed.len()
    );
    assert_eq!(outcome(&bytes, &ArchiveLimits::default()), [expected]);
    assert_eq!(
        outcome(&one(lying), &ArchiveLimits::default()),
        ["member `bomb` is damaged: more comes out of it than the 1000 bytes that are declared"]
    );
    // What is allowed is streamed: memory does not follow it.
    let limits = ArchiveLimits {
        max_ratio: u64::MAX,
        ..ArchiveLimits::default()
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let mut archive = Archive::open(file.path(), &limits).unwrap();
    let member = archive.members()[0].clone();
    let copied = std::io::copy(&mut archive.read(&member).unwrap(), &mut std::io::sink());
    assert_eq!(copied.unwrap(), 256 << 20);
    let refused = archive.read_all(&member, 1000).unwrap_err();
    assert!(matches!(
        refused,
        ArchiveFault::TooLarge {
            limit_bytes: 1000,
            ..
        }
    ));
}

#[test]
fn a_stream_that_fails_tells_its_fault() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let part = Part {
        declared_crc: Some(1),
        ..Part::stored("a", b"text")
    };
    std::fs::write(file.path(), one(part)).unwrap();
    let mut archive = Archive::open(file.path(), &ArchiveLimits::default()).unwrap();
    let member = archive.find("a").unwrap().clone();
    assert!(archive.find("b").is_none());
    let mut stream = archive.read(&member).unwrap();
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).unwrap_err();
    assert!(matches!(
        ArchiveFault::from(error),
        ArchiveFault::Damaged { .. }
    ));
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    drop(stream);
    let foreign = caveat_importer::archive::Member {
        name: "b".to_owned(),
        ..member
    };
    assert!(matches!(
        archive.read_all(&foreign, 10),
        Err(ArchiveFault::Missing { .. })
    ));
}

#[test]
fn archives_of_another_writer_are_read() {
    for method in [
        CompressionMethod::Stored,
        CompressionMethod::Deflated,
        CompressionMethod::Zstd,
    ] {
        for large in [false, true] {
            let mut bytes = std::io::Cursor::new(Vec::new());
            let mut writer = ZipWriter::new(&mut bytes);
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .large_file(large);
            for name in ["samples/1_epoch_1.json", "header.json"] {
                writer.start_file(name, options).unwrap();
                writer.write_all(name.as_bytes()).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(
                outcome(bytes.get_ref(), &ArchiveLimits::default()),
                [
                    "samples/1_epoch_1.json=samples/1_epoch_1.json",
                    "header.json=header.json"
                ],
                "{method:?}, large: {large}"
            );
        }
    }
}

#[test]
fn genuine_logs_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/inspect");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    };
    for path in files.map(|file| file.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "eval") {
            continue;
        }
        let found = read(&path, &ArchiveLimits::default());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "truncated.eval" {
            assert!(
                found[0].starts_with("refused: the archive is cut short"),
                "{found:?}"
            );
            continue;
        }
        let faults = found
            .iter()
            .filter(|found| found.starts_with("member `") || found.starts_with("refused"));
        assert_eq!(faults.count(), 0, "{name}: {found:?}");
        assert!(found.len() > 2, "{name}");
        let notes = found
            .iter()
            .filter(|found| found.starts_with("note: "))
            .count();
        assert_eq!(
            notes,
            usize::from(name == "constructed-duplicate-member.eval"),
            "{name}"
        );
    }
}
