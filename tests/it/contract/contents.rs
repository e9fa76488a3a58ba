// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 21 and 26 to 28: sizes, names and the inside of files.

use testbed::distribution::{Sdist, Wheel};
use testbed::index::Options;

use super::bent::Zip;
use super::form::Form;
use super::server::Server;

pub fn sizes(_: &Server) {
    let server = Server::with(Options {
        file_size_limit: 1 << 20,
        project_size_limit: 1_500_000,
        ..Options::default()
    });
    let token = server.token();
    let of = |version: &str, payload: u64| {
        let wheel = Wheel::new(&server.project, version).with_payload(payload);
        Form::of(&server.project, version, wheel.build())
    };
    let begin = "File too large. Limit for project 'contract' is 1 MB. See https://";
    server.refuses(&token, &of("1.0", 1_200_000), 400, begin);
    server.takes(&token, &of("1.0", 900_000));
    let begin = "Project size too large. Limit for project 'contract' total size is 0 GB. See ";
    server.refuses(&token, &of("2.0", 900_001), 400, begin);
    // Sizes come before duplicates.
    server.refuses(&token, &of("1.0", 900_000), 400, begin);
}

pub fn sdists(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let project = &server.project;
    let honest = Form::sdist(project, &version);
    let named = |name: &str| honest.clone().named(name);
    let right = format!("{project}-{version}.tar.gz");
    assert_eq!(honest.filename, right);
    let upper = format!("{}-{version}.tar.gz", project.to_uppercase());
    let begin = format!("Filename '{upper}' is invalid, should be '{right}'.");
    server.refuses(&token, &named(&upper), 400, &begin);
    let begin = format!("Start filename for '{project}' with '{project}'.");
    server.refuses(&token, &named(&format!("x-{version}.tar.gz")), 400, &begin);
    let begin = "Invalid source distribution filename: ";
    server.refuses(&token, &named(&format!("{project}-no.tar.gz")), 400, begin);
    let begin = "Invalid file extension: Use .tar.gz, .whl or .zip extension. See ";
    server.refuses(
        &token,
        &named(&format!("{project}-{version}.tar.bz2")),
        400,
        begin,
    );
    let begin = "Cannot upload a file with '/' or '\\' in the name.";
    server.refuses(&token, &named("a/b.tar.gz"), 400, begin);
    server.refuses(&token, &named("a%2Fb/../c.tar.gz"), 400, begin);
    // A zip passes the check of endings and of archives, and fails by its name.
    let (_, zip) = Wheel::new(project, &version).build();
    let zip = Form::of(project, &version, (format!("{project}-{version}.zip"), zip));
    let begin = format!("Filename '{project}-{version}.zip' is invalid, should be '{right}'.");
    server.refuses(&token, &zip, 400, &begin);

    let of = |sdist: &Sdist| Form::of(project, &version, sdist.build());
    let sdist = Sdist::new(project, &version);
    let invalid = |form: &Form, text: &str| {
        server.refuses(
            &token,
            form,
            400,
            &format!("Invalid distribution file. {text}"),
        );
    };
    let two = sdist.clone().with_file("another/file", "x");
    invalid(
        &of(&two),
        "Incorrect number of top-level directories in sdist",
    );
    let none = sdist.clone().without_metadata();
    invalid(
        &of(&none),
        &format!("PKG-INFO not found at {project}-{version}/PKG-INFO"),
    );
    let text = "tar archive not accepted: Sparse members are not allowed. See https://";
    invalid(
        &Form::of(
            project,
            &version,
            (right.clone(), sparse(project, &version)),
        ),
        text,
    );
    let noise = (right.clone(), b"noise".to_vec());
    invalid(&Form::of(project, &version, noise), "File is not a tarfile");
    let cut = honest.bytes()[..honest.bytes().len() / 2].to_vec();
    invalid(&Form::of(project, &version, (right.clone(), cut)), "None");
    let (_, wheel) = Wheel::new(project, &version).build();
    let both = [honest.bytes(), &wheel].concat();
    let both = Form::of(project, &version, (right, both));
    invalid(&both, "File is both a zip and a tar file");

    let license = honest.clone().add("license_file", "LICENSE");
    let begin = format!(
        "License-File LICENSE does not exist in distribution file {} at \
         {project}-{version}/LICENSE",
        honest.filename
    );
    server.refuses(&token, &license, 400, &begin);
    let with = sdist.with_file(&format!("{project}-{version}/LICENSE"), "x");
    server.takes(&token, &of(&with).add("license_file", "LICENSE"));
}

/// A source distribution with a member that holds a hole.
fn sparse(project: &str, version: &str) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(gz);
    let extensions: [(&str, &[u8]); 2] = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")];
    tar.append_pax_extensions(extensions).unwrap();
    for (name, text) in [("hole", &b"1\n0\n0\n"[..]), ("PKG-INFO", b"Name: x\n")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("{project}-{version}/{name}");
        tar.append_data(&mut header, path, text).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

pub fn wheels(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let project = &server.project;
    let honest = Form::wheel(project, &version);
    let name = honest.filename.clone();
    let info = format!("{project}-{version}.dist-info");
    let form = |name: &str, bytes: Vec<u8>| Form::of(project, &version, (name.to_owned(), bytes));
    let named = |name: &str| honest.clone().named(name);

    let linux = name.replace("any", "linux_x86_64");
    let begin = format!("Binary wheel '{linux}' has an unsupported platform tag 'linux_x86_64'.");
    server.refuses(&token, &named(&linux), 400, &begin);
    let parts = format!("{project}-{version}-any.whl");
    server.refuses(&token, &named(&parts), 400, "Invalid wheel filename");
    // `WHEEL` is looked for under the name of the file, before the name is judged.
    let other = name.replace(&version, "1.1");
    let begin = "Invalid distribution file. WHEEL not found at contract-1.1.dist-info/WHEEL";
    if project == "contract" {
        server.refuses(&token, &named(&other), 400, begin);
    }
    let (_, bytes) = Wheel::new(project, "1.1").build();
    let begin = format!("Version in filename should be '{version}' not '1.1'.");
    server.refuses(&token, &form(&other, bytes), 400, &begin);
    let upper = name.replacen(project.as_str(), &project.to_uppercase(), 1);
    let bytes = Zip::new(honest.bytes());
    let (from, to) = (
        format!("{info}/WHEEL"),
        info.replacen(project.as_str(), &project.to_uppercase(), 1),
    );
    let to = format!("{to}/WHEEL");
    let bytes = Zip::new(&bytes.rename(false, &from, &to)).rename(true, &from, &to);
    let begin = format!(
        "Filename '{upper}' should contain the normalized project name '{project}', not '{}'.",
        project.to_uppercase()
    );
    server.refuses(&token, &form(&upper, bytes), 400, &begin);

    let wheel = Wheel::new(project, &version);
    for (missing, begin) in [
        (
            "WHEEL",
            format!("Invalid distribution file. WHEEL not found at {info}/WHEEL"),
        ),
        (
            "RECORD",
            format!("Wheel '{name}' does not contain the required RECORD file: {info}/RECORD"),
        ),
    ] {
        let (_, bytes) = wheel.clone().without(missing).build();
        server.refuses(&token, &form(&name, bytes), 400, &begin);
    }
    let (_, bytes) = wheel.clone().without_metadata().build();
    let begin = format!("Wheel '{name}' does not contain the required METADATA file: {info}/");
    server.refuses(&token, &form(&name, bytes), 400, &begin);
    let begin =
        format!("Wheel '{name}' has invalid entry points defined in the entry_points.txt file");
    for text in [
        "no section = x\n",
        "[console_scripts]\na/b = x:y\n",
        "[a]\nnothing\n",
    ] {
        let points = wheel
            .clone()
            .with_file(&format!("{info}/entry_points.txt"), text);
        server.refuses(&token, &form(&name, points.build().1), 400, &begin);
    }
    let begin = format!(
        "License-File NOTICE does not exist in distribution file {name} at \
         {info}/licenses/NOTICE"
    );
    server.refuses(
        &token,
        &honest.clone().add("license_file", "NOTICE"),
        400,
        &begin,
    );

    let points = "[console_scripts]\na-b = x:y\n[any.group]\na/b = x\n";
    let full = wheel
        .with_file(&format!("{info}/entry_points.txt"), points)
        .with_file(&format!("{info}/licenses/NOTICE"), "x");
    server.takes(
        &token,
        &form(&name, full.build().1).add("license_file", "NOTICE"),
    );
    // Versions are compared as versions.
    let longer = format!("{version}.0");
    let (name, bytes) = Wheel::new(project, &longer).build();
    let name = name.replace(
        "py3-none-any",
        "cp312-abi3-manylinux_2_28_x86_64.macosx_11_0_arm64",
    );
    server.takes(&token, &form(&name, bytes));
}

pub fn framing(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let project = &server.project;
    let honest = Form::wheel(project, &version);
    let zip = || Zip::new(honest.bytes());
    let init = format!("{project}/__init__.py");
    let other = init.replace("__init__", "__tini__");
    let second = Wheel::new(project, &version)
        .with_file(&other, "x")
        .build()
        .1;
    let twice = |central| Zip::new(&second).rename(central, &other, &init);
    let (central, local, end) = (zip().centrals[0], zip().locals[0], zip().end);
    let control = init.replace("__init__", "__in\u{1}t__");
    for (problem, bytes) in [
        ("ZIP contains a data descriptor", zip().bump(local + 6, 8)),
        ("Trailing data", [honest.bytes(), b"more"].concat()),
        (
            "Unknown record signature",
            [b"#!/bin/sh\n", honest.bytes()].concat(),
        ),
        ("Duplicate filename in local headers", twice(false)),
        ("Duplicate filename in central directory", twice(true)),
        (
            "Filename not in central directory",
            zip().rename(false, &init, &other),
        ),
        ("Missing filename in local headers", zip().central_more()),
        ("Filename not valid UTF-8", zip().bump(local + 30, 0x9c)),
        ("Mis-matched data size", zip().bump(central + 20, 1)),
        ("Mis-matched file size", zip().bump(central + 24, 1)),
        ("Comment in central directory", zip().central_comment()),
        (
            "Mismatched central directory records",
            zip().bump(end + 10, 1),
        ),
        ("Mismatched central directory size", zip().bump(end + 12, 1)),
        (
            "Mismatched central directory offset",
            zip().bump(end + 16, 1),
        ),
        (
            "Invalid character in filename",
            zip().rename(false, &init, &control),
        ),
    ] {
        let bent = Form::of(project, &version, (honest.filename.clone(), bytes));
        let begin = format!("Invalid distribution file. ZIP archive not accepted: {problem}. See ");
        server.refuses(&token, &bent, 400, &begin);
    }
    let form = |bytes| Form::of(project, &version, (honest.filename.clone(), bytes));
    let begin = "Invalid distribution file. File does not use a supported compression type";
    server.refuses(&token, &form(zip().method(12)), 400, begin);
    let begin = "Invalid distribution file. File is not a zipfile";
    server.refuses(&token, &form(b"noise".to_vec()), 400, begin);
    let cut = honest.bytes()[..honest.bytes().len() - 1].to_vec();
    server.refuses(&token, &form(cut), 400, begin);
    let zeros = vec![0; (64 << 20) + 1];
    let bomb = Wheel::new(project, &version)
        .with_file(&other, zeros)
        .build()
        .1;
    let begin = "Invalid distribution file. File exceeds compression ratio of 50";
    server.refuses(&token, &form(bomb), 400, begin);
    server.takes(&token, &form(zip().comment()));
}
