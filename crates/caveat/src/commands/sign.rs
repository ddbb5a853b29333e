//! `caveat sign`: a minisign signature of an edition's manifest, and keys for it.
//!
//! The manifest holds the digest of every file, so its signature is one of the
//! whole edition. The library mixes noise into a signature, as a guard against
//! faulty hardware: two signatures of one edition differ, and both hold. This is
//! the one place where the command asks the system for random numbers.

use std::fs::{self, OpenOptions};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};

use crate::cli::SignArguments;
use crate::edition::{Edition, SIGNATURE_FILE};
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::files::{is_there, read_text, refuse_as_file, shown};

/// Runs the command.
pub fn run(arguments: &SignArguments) -> Result<u8, Failure> {
    let password = arguments
        .password_file
        .as_deref()
        .map(read_password)
        .transpose()?;
    if let Some(name) = &arguments.new_key {
        return make_key(name, password);
    }
    let (Some(folder), Some(key)) = (&arguments.edition, &arguments.key) else {
        return Err(Failure::wrong_use(
            "an edition and a key are needed\nhint: `caveat sign EDITION --key FILE`",
        ));
    };
    let edition = Edition::open(folder)?;
    let faults = edition.faults()?;
    if !faults.is_empty() {
        for fault in &faults {
            exit::note(&format!("{}/{fault}", shown(folder)));
        }
        return Err(Failure::new(
            ANSWER_NO,
            format!(
                "`{}` is not as its manifest says and is not signed\nhint: `caveat report` writes \
                 it anew",
                shown(folder)
            ),
        ));
    }
    let path = folder.join(SIGNATURE_FILE);
    refuse_as_file(&path)?;
    let secret = read_key(key, password)?;
    let public = PublicKey::from_secret_key(&secret).map_err(|error| unusable(key, &error))?;
    let comment = format!(
        "report {}, edition of {}, caveat {}",
        one_line(&edition.manifest.report),
        one_line(&edition.manifest.edition_date),
        one_line(&edition.manifest.caveat_version)
    );
    let signature = minisign::sign(
        Some(&public),
        &secret,
        Cursor::new(&edition.manifest_bytes),
        Some(&comment),
        Some("signature of manifest.json, which holds the digest of every file"),
    )
    .map_err(|error| unusable(key, &error))?;
    fs::write(&path, signature.into_string()).map_err(|error| Failure::io(&path, &error))?;
    exit::print(&format!(
        "{}\npublic key: {}\n",
        shown(&path),
        public.to_base64()
    ))?;
    Ok(DONE)
}

fn make_key(name: &Path, password: Option<String>) -> Result<u8, Failure> {
    let beside = |ending: &str| {
        let mut path = name.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let (secret, public) = (beside(".key"), beside(".pub"));
    for path in [&secret, &public] {
        if is_there(path) {
            return Err(Failure::wrong_use(format!(
                "`{}` is there already and is not replaced\nhint: name another key",
                shown(path)
            )));
        }
    }
    let encrypted = password.is_some();
    let pair = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password)),
        None => KeyPair::generate_unencrypted_keypair(),
    }
    .map_err(|error| unusable(name, &error))?;
    let failed = |error: &minisign::PError| unusable(name, error);
    let secret_text = pair.sk.to_box(None).map_err(|e| failed(&e))?.into_string();
    let public_text = pair.pk.to_box().map_err(|e| failed(&e))?.into_string();
    write_new(&secret, &secret_text, true)?;
    write_new(&public, &public_text, false)?;
    if !encrypted {
        exit::note(&format!(
            "warning: `{}` has no password; whoever reads it can sign as you\nhint: `--password-file \
             FILE` makes one that needs a password",
            shown(&secret)
        ));
    }
    exit::print(&format!(
        "{}\n{}\npublic key: {}\n",
        shown(&secret),
        shown(&public),
        pair.pk.to_base64()
    ))?;
    Ok(DONE)
}

fn write_new(path: &Path, text: &str, secret: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::io(path, &error))
}

fn read_key(path: &Path, password: Option<String>) -> Result<SecretKey, Failure> {
    let text = read_text(path)?;
    let boxed = SecretKeyBox::from_string(&text).map_err(|error| unusable(path, &error))?;
    // Without a password the library would ask on the terminal.
    match password {
        Some(password) => boxed.into_secret_key(Some(password)),
        None => boxed.into_unencrypted_secret_key(),
    }
    .map_err(|error| unusable(path, &error))
}

fn read_password(path: &Path) -> Result<String, Failure> {
    let text = read_text(path)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn unusable(path: &Path, error: &minisign::PError) -> Failure {
    Failure::wrong_use(format!(
        "the key `{}` cannot be used: {error}\nhint: give a minisign secret key, and \
         `--password-file` if it has a password",
        shown(path)
    ))
}

/// A comment of a signature is one line.
fn one_line(text: &str) -> String {
    caveat_importer::text::printable(text).replace(['\n', '\r'], " ")
}
