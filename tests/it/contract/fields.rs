// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 18 to 20: the fields of the form.

use super::form::Form;
use super::server::Server;

pub fn unknown_and_repeated(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    for (name, value) in [
        ("summary", "one"),
        ("license", "x"),
        ("keywords", "a"),
        ("requires_python", ">=3.8"),
    ] {
        let twice = form.clone().add(name, value).add(name, value);
        server.refuses(
            &token,
            &twice,
            400,
            &format!("'{name}' has invalid data. See "),
        );
    }
    let more = form
        .add("project-url", "no url")
        .add("license_files", "nowhere")
        .add("import_names", "x")
        .add("gpg_signature", "x")
        .add("made_up", "x")
        .add("summary", "UNKNOWN")
        .add("home_page", "");
    server.takes(&token, &more);
}

/// A field, its value (none: left out), and how the refusal begins.
const WORDS: &[(&str, Option<&str>, &str)] = &[
    ("protocol_version", Some("2"), "Unknown protocol version."),
    (
        "name",
        None,
        "'' is an invalid value for Name. Error: This field is required. See ",
    ),
    (
        "name",
        Some("-foo"),
        "'-foo' is an invalid value for Name. Error: Start and end with a letter or numeral \
         containing only ASCII numeric and '.', '_' and '-'. See ",
    ),
    (
        "filetype",
        None,
        "Invalid value for filetype. Error: This field is required.",
    ),
    (
        "filetype",
        Some("bdist_egg"),
        "Invalid value for filetype. Error: Use a known file type.",
    ),
    (
        "pyversion",
        None,
        "Invalid value for pyversion. Error: Python version is required for binary distribution \
         uploads.",
    ),
    (
        "sha256_digest",
        None,
        "Error: Include at least one message digest.",
    ),
    (
        "sha256_digest",
        Some("abc"),
        "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
    ),
    (
        "blake2_256_digest",
        Some("abc"),
        "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message \
         digest.",
    ),
    (
        "metadata_version",
        None,
        "None is not a valid metadata version. See ",
    ),
    (
        "metadata_version",
        Some("2.0"),
        "'2.0' is not a valid metadata version. See ",
    ),
    ("version", None, "'version' is a required field. See "),
    (
        "version",
        Some("1.0-incubating"),
        "'1.0-incubating' is invalid for 'version'. See ",
    ),
    (
        "version",
        Some("1.0+incubating"),
        "The use of local versions in '1.0+incubating' is not allowed. See \
         https://packaging.python.org/specifications/version-specifiers#local-version-identifiers",
    ),
    (
        "license_expression",
        Some("Apache License"),
        "'Apache License' is invalid for 'license-",
    ),
    (
        "classifiers",
        Some("X"),
        "'X' is not a valid classifier. See ",
    ),
    (
        "classifiers",
        Some("Private :: Do Not Upload"),
        "'Private :: Do Not Upload' is not a valid classifier. See ",
    ),
    (
        "classifiers",
        Some("Natural Language :: Ukranian"),
        "The classifier 'Natural Language :: Ukranian' has been deprecated, use one of \
         ['Natural Language :: Ukrainian'] instead. See ",
    ),
    (
        "requires_dist",
        Some("foo @ https://x/y.whl"),
        "Can't have direct dependency: foo @ https://x/y.whl. See ",
    ),
    (
        "summary",
        Some("two\nlines"),
        "'summary' must be a single line. See ",
    ),
    (
        "author_email",
        Some("dev@foo"),
        "'dev@foo' is not a valid email address: ",
    ),
    (
        "home_page",
        Some("ftp://x"),
        "'ftp://x' is not a valid url. See ",
    ),
    ("download_url", Some("x"), "'x' is not a valid url. See "),
    (
        "project_urls",
        Some("Home, ftp://x"),
        "'ftp://x' is not a valid url. See ",
    ),
    ("project_urls", Some("Home"), "Must have a URL. See "),
    (
        "project_urls",
        Some("A label of thirty-three characters, https://x.org"),
        "'A label of thirty-three characters' must be 32 characters or less. See ",
    ),
];

/// A field, the metadata version that brought it, one that is older, and a value.
const LEVELS: &[(&str, &str, &str, &str)] = &[
    ("license_file", "2.4", "2.1", "LICENSE"),
    ("license_expression", "2.4", "2.3", "MIT"),
    ("dynamic", "2.2", "2.1", "version"),
    ("provides_extra", "2.1", "1.2", "x"),
    ("description_content_type", "2.1", "1.2", "text/plain"),
    ("import_name", "2.5", "2.4", "x"),
];

pub fn words(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    for &(field, value, begin) in WORDS {
        let bent = match value {
            Some(value) => form.clone().set(field, value),
            None => form.clone().without(field),
        };
        server.refuses(&token, &bent, 400, begin);
    }
    for &(field, since, level, value) in LEVELS {
        let bent = form
            .clone()
            .set("metadata_version", level)
            .add(field, value);
        let name = field.replace('_', "-");
        let begin = format!("{name} introduced in metadata version {since}, not {level}. See ");
        server.refuses(&token, &bent, 400, &begin);
    }
    let long = form.clone().add("summary", &"x".repeat(513));
    server.refuses(
        &token,
        &long,
        400,
        "'summary' field must be 512 characters or less. See ",
    );
    let both = form
        .clone()
        .add("license", "x")
        .add("license_expression", "MIT");
    let begin = "License is deprecated when License-Expression is present. Only License-";
    server.refuses(&token, &both, 400, begin);
    let twice = form
        .clone()
        .add("project_urls", "Home, https://x.org")
        .add("project_urls", "Home, https://y.org");
    server.refuses(&token, &twice, 400, "'project_urls' has invalid data. See ");
    let sdist = Form::sdist(&server.project, &Server::version()).set("pyversion", "py3");
    let begin = "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.";
    server.refuses(&token, &sdist, 400, begin);
    let full = form
        .add("summary", &"x".repeat(512))
        .add("license_expression", "Apache-2.0 AND (MIT OR BSD-3-Clause)")
        .add("author_email", "Dev <dev@example.org>")
        .add("project_urls", "Home, https://example.org/")
        .add("project_urls", "Source, https://example.org/source")
        .add("classifiers", "Topic :: Utilities")
        .add("requires_dist", "foo>=1; python_version < '4'")
        .add("description", "# Title")
        .add("description_content_type", "text/markdown; variant=GFM");
    server.takes(&token, &full);
}

pub fn unrendered(server: &Server) {
    server
        .index()
        .faults(|it| it.unrendered_descriptions = true);
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version()).add("description", "x");
    let begin = "The description failed to render in the default format of reStructuredText. See ";
    server.refuses(&token, &form, 400, begin);
    let markdown = form.add("description_content_type", "text/markdown");
    let begin = "The description failed to render for 'text/markdown'. See ";
    server.refuses(&token, &markdown, 400, begin);
}

pub fn digests(server: &Server) {
    use blake2::Blake2b;
    use blake2::digest::consts::U32;
    use md5::{Digest as _, Md5};
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let md5 = hex::encode(Md5::digest(form.bytes()));
    let blake2 = hex::encode(Blake2b::<U32>::digest(form.bytes()));
    let begin = "The digest supplied does not match a digest calculated from the uploaded file.";
    for (name, digits) in [
        ("md5_digest", 32),
        ("sha256_digest", 64),
        ("blake2_256_digest", 64),
    ] {
        let wrong = form.clone().set(name, &"0".repeat(digits));
        server.refuses(&token, &wrong, 400, begin);
    }
    let right = form
        .clone()
        .set("sha256_digest", &form.sha256().to_uppercase())
        .add("md5_digest", &md5)
        .add("blake2_256_digest", &blake2);
    server.takes(&token, &right);
    // Any one of them is enough.
    let only = Form::sdist(&server.project, &Server::version());
    let md5 = hex::encode(Md5::digest(only.bytes()));
    server.takes(
        &token,
        &only.without("sha256_digest").add("md5_digest", &md5),
    );
}
