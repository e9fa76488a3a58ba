// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index demands of a file's name, type, size and digests, with its own
//! words. Pure: it looks at the form alone.

use std::str::FromStr;

use pep440_rs::Version;

use super::checks::{normalize, same_version};
use super::form::{Content, Form};
use super::refusal::Refusal;

/// The limits of one project, and what it holds, in bytes.
pub(super) struct Limits {
    pub(super) file: u64,
    pub(super) project: u64,
    pub(super) used: u64,
}

/// The name's characters and ending, the part's type, the size, the digests.
pub(super) fn check_content(
    form: &Form,
    content: &Content,
    limits: &Limits,
) -> Result<(), Refusal> {
    const PEP_527: &str = "See https://www.python.org/dev/peps/pep-0527 for more information.";
    let name = &content.filename;
    check_characters(name)?;
    let filetype = form.get("filetype").unwrap_or_default();
    let extension = [".tar.gz", ".whl", ".zip"]
        .into_iter()
        .find(|extension| name.ends_with(extension));
    match (extension, filetype) {
        (None, _) => {
            return Err(Refusal::bad(format!(
                "Invalid file extension: Use .tar.gz, .whl or .zip extension. {PEP_527}"
            )));
        }
        (Some(".whl"), "bdist_wheel") | (Some(".tar.gz" | ".zip"), "sdist") => {}
        (Some(extension), _) => {
            return Err(Refusal::bad(format!(
                "Invalid file extension: Extension {extension} is invalid for filetype \
                 {filetype}. {PEP_527}"
            )));
        }
    }
    // A part that names no type counts as text/plain, and that is taken.
    let media_type = content.media_type.as_deref().unwrap_or("text/plain");
    if media_type.is_empty() || media_type.starts_with("image/") {
        return Err(Refusal::bad("Invalid distribution file."));
    }
    if content.digests.size > limits.file {
        let project = form.get("name").unwrap_or_default();
        return Err(Refusal::bad(format!(
            "File too large. Limit for project '{project}' is {} MB. See \
             https://docs.pypi.org/project-management/storage-limits#requesting-a-file-size-limit-increase \
             for more information.",
            limits.file >> 20
        )));
    }
    if limits.used + content.digests.size > limits.project {
        let project = form.get("name").unwrap_or_default();
        return Err(Refusal::bad(format!(
            "Project size too large. Limit for project '{project}' total size is {} GB. See \
             https://docs.pypi.org/project-management/storage-limits#requesting-a-project-size-limit-increase \
             for more information.",
            limits.project >> 30
        )));
    }
    let digests = [
        ("md5_digest", &content.digests.md5),
        ("sha256_digest", &content.digests.sha256),
        ("blake2_256_digest", &content.digests.blake2b),
    ];
    for (field, computed) in digests {
        if form
            .get(field)
            .is_some_and(|given| given.to_lowercase() != *computed)
        {
            return Err(Refusal::bad(
                "The digest supplied does not match a digest calculated from the uploaded file.",
            ));
        }
    }
    Ok(())
}

fn check_characters(name: &str) -> Result<(), Refusal> {
    if name.bytes().any(|byte| byte < 32 || byte == 127) {
        return Err(Refusal::bad(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL \
             character (ordinal 127) in the name.",
        ));
    }
    if name.contains(['/', '\\']) {
        return Err(Refusal::bad(
            "Cannot upload a file with '/' or '\\' in the name.",
        ));
    }
    Ok(())
}

/// The name agrees with project and version: PEP 625 for sdists, PEP 427 for wheels.
pub(super) fn check_filename(form: &Form, filename: &str) -> Result<(), Refusal> {
    let project = normalize(form.get("name").unwrap_or_default()).replace('-', "_");
    let version = form.get("version").unwrap_or_default();
    if let Some(stem) = filename.strip_suffix(".whl") {
        return check_wheel_name(
            form.get("name").unwrap_or_default(),
            filename,
            stem,
            &project,
            version,
        );
    }
    let stem = filename
        .strip_suffix(".tar.gz")
        .or_else(|| filename.strip_suffix(".zip"))
        .unwrap_or_default();
    let Some((name, found)) = stem.rsplit_once('-') else {
        return Err(Refusal::bad(format!(
            "Invalid source distribution filename: Invalid sdist filename: '{filename}'"
        )));
    };
    if Version::from_str(found).is_err() {
        return Err(Refusal::bad(format!(
            "Invalid source distribution filename: Invalid sdist filename (invalid version): \
             '{filename}'"
        )));
    }
    check_start(form, name, &project)?;
    let canonical = Version::from_str(version)
        .map_or_else(|_| version.to_owned(), |version| version.to_string());
    let expected = format!("{project}-{canonical}.tar.gz");
    if filename == expected {
        return Ok(());
    }
    Err(Refusal::bad(format!(
        "Filename '{filename}' is invalid, should be '{expected}'."
    )))
}

fn check_wheel_name(
    form_name: &str,
    filename: &str,
    stem: &str,
    project: &str,
    version: &str,
) -> Result<(), Refusal> {
    let parts = stem.split('-').collect::<Vec<_>>();
    let ([name, found, _, _, platforms] | [name, found, _, _, _, platforms]) = parts.as_slice()
    else {
        return Err(Refusal::bad(format!(
            "Invalid wheel filename (wrong number of parts): '{filename}'"
        )));
    };
    if Version::from_str(found).is_err() {
        return Err(Refusal::bad(format!(
            "Invalid wheel filename (invalid version): '{filename}'"
        )));
    }
    for platform in platforms.split('.') {
        if !is_platform(platform) {
            return Err(Refusal::bad(format!(
                "Binary wheel '{filename}' has an unsupported platform tag '{platform}'."
            )));
        }
    }
    if normalize(name).replace('-', "_") != project {
        return Err(start_filename(form_name, project));
    }
    if *name != project {
        return Err(Refusal::bad(format!(
            "Filename '{filename}' should contain the normalized project name '{project}', not \
             '{name}'."
        )));
    }
    if !same_version(found, version) {
        return Err(Refusal::bad(format!(
            "Version in filename should be '{version}' not '{found}'."
        )));
    }
    Ok(())
}

fn check_start(form: &Form, name: &str, project: &str) -> Result<(), Refusal> {
    if normalize(name).replace('-', "_") == project {
        return Ok(());
    }
    Err(start_filename(
        form.get("name").unwrap_or_default(),
        project,
    ))
}

fn start_filename(name: &str, project: &str) -> Refusal {
    Refusal::bad(format!("Start filename for '{name}' with '{project}'."))
}

/// Whether the index takes wheels for this platform.
fn is_platform(tag: &str) -> bool {
    const PLAIN: [&str; 7] = [
        "any",
        "win32",
        "win_amd64",
        "win_arm64",
        "win_ia64",
        "linux_armv6l",
        "linux_armv7l",
    ];
    const LINUX: [&str; 7] = [
        "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64",
    ];
    const APPLE: [&str; 11] = [
        "ppc",
        "ppc64",
        "i386",
        "intel",
        "fat",
        "fat3",
        "fat64",
        "universal",
        "universal2",
        "x86_64",
        "arm64",
    ];
    if PLAIN.contains(&tag) {
        return true;
    }
    for (old, machines) in [
        ("manylinux1_", &["x86_64", "i686"][..]),
        ("manylinux2010_", &["x86_64", "i686"]),
        (
            "manylinux2014_",
            &[
                "x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x",
            ],
        ),
    ] {
        if let Some(machine) = tag.strip_prefix(old) {
            return machines.contains(&machine);
        }
    }
    let mut parts = tag.splitn(2, '_');
    let (system, rest) = (parts.next().unwrap_or_default(), parts.next());
    let Some((first, rest)) = rest.and_then(number) else {
        return false;
    };
    if system == "android" {
        return ["armeabi_v7a", "arm64_v8a", "x86", "x86_64"].contains(&rest);
    }
    let Some((second, machine)) = number(rest) else {
        return false;
    };
    match system {
        "manylinux" => machine == "ppc64" || LINUX.contains(&machine),
        "musllinux" => LINUX.contains(&machine),
        "macosx" => {
            let version = first == 10 || ([11, 12, 13, 14, 15, 26].contains(&first) && second == 0);
            version && APPLE.contains(&machine)
        }
        "ios" => {
            let suffix = machine.rsplit_once('_').map(|(_, suffix)| suffix);
            matches!(suffix, Some("iphoneos" | "iphonesimulator"))
        }
        "pyemscripten" => machine == "wasm32",
        _ => false,
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_once('_')?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::check_characters;

    /// This server's reader of forms refuses such a name before the index can.
    #[test]
    fn control_characters_are_refused() {
        for name in ["a\u{1}.whl", "a\n.whl", "a\u{7f}.whl"] {
            let refusal = check_characters(name).unwrap_err();
            let begin = "Cannot upload a file with non-printable characters (ordinals 0-31)";
            assert!(refusal.message.starts_with(begin));
        }
        assert!(check_characters("a b.whl").is_ok());
    }
}
