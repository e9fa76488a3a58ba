// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 22 to 25, 29 and 30: which files are taken beside which others.

use std::time::Duration;

use testbed::distribution::{Sdist, Wheel};
use testbed::index::Options;

use super::form::Form;
use super::server::Server;

fn other_wheel(server: &Server, version: &str) -> Form {
    let wheel = Wheel::new(&server.project, version).with_seed(7);
    Form::of(&server.project, version, wheel.build())
}

fn exists(form: &Form) -> String {
    use blake2::digest::consts::U32;
    use blake2::{Blake2b, Digest as _};
    let blake2 = hex::encode(Blake2b::<U32>::digest(form.bytes()));
    let name = &form.filename;
    format!("File already exists ('{name}', with blake2_256 hash '{blake2}'). See https://")
}

pub fn duplicates(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let form = Form::wheel(&server.project, &version);
    let first = server.upload(&token, &form);
    let shown = server.shown(&form.filename).unwrap();
    let again = server.upload(&token, &form.clone().add("summary", "else"));
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.body, again.body);
    assert_eq!(server.shown(&form.filename), Some(shown), "nothing changed");
    let other = other_wheel(server, &version);
    server.refuses(&token, &other, 400, &exists(&other));
    let renamed = form.filename.replace("py3-none", "py2.py3-none");
    let renamed = form.clone().named(&renamed);
    server.refuses(&token, &renamed, 400, &exists(&renamed));
}

pub fn deleted(server: &Server) {
    let form = Form::wheel(&server.project, &Server::version());
    server.index().burn(&form.filename);
    let begin = "This filename was previously used by a file that has since been deleted. Use a \
                 different version. See https://";
    server.refuses(&server.token(), &form, 400, begin);
    // The registry of files is one for all projects.
    let elsewhere = Form::wheel(&server.project, &Server::version());
    let (name, bytes) = ("taken-1.0.tar.gz", elsewhere.bytes());
    server.index().preload("somebody-else", name, bytes);
    server.refuses(&server.token(), &elsewhere, 400, &exists(&elsewhere));
}

pub fn order(server: &Server) {
    let token = server.token();
    // Permission before the file.
    let form = Form::wheel(&server.other, &Server::version()).named("no name");
    let answer = server.upload(&token, &form);
    assert_eq!(answer.status, 403, "{}", answer.text());
    // The form before permission.
    let answer = server.upload(&token, &form.set("version", "x"));
    assert!(
        answer.code().starts_with("400 'x' is invalid"),
        "{}",
        answer.code()
    );
    // The duplicate before the archive.
    let version = Server::version();
    let form = Form::wheel(&server.project, &version);
    server.takes(&token, &form);
    let noise = (form.filename.clone(), b"no zip".to_vec());
    let noise = Form::of(&server.project, &version, noise);
    server.refuses(&token, &noise, 400, &exists(&noise));
    // The digest before the duplicate.
    let wrong = form.set("sha256_digest", &"0".repeat(64));
    server.refuses(&token, &wrong, 400, "The digest supplied does not match");
}

pub fn fourteen_days(server: &Server) {
    let version = Server::version();
    let form = Form::wheel(&server.project, &version);
    server.takes(&server.token(), &form);
    for (days, old) in [(13, false), (15, true)] {
        server.index().set_days_ahead(days);
        server.issuer().set_days_ahead(days);
        let token = server.token();
        let tag = format!("cp3{days}");
        let wheel = Wheel::new(&server.project, &version).with_seed(days.unsigned_abs());
        let (name, bytes) = wheel.build();
        let late = (name.replace("py3-none", &format!("{tag}-none")), bytes);
        let late = Form::of(&server.project, &version, late);
        if old {
            let begin = "Uploading new files to releases older than 14 days is not allowed.";
            server.refuses(&token, &late, 400, begin);
            // It comes before the rule for sdists and the look into the archive.
            let noise = ("contract-1.tar.gz".to_owned(), b"noise".to_vec());
            let noise = Form::of(&server.project, &version, noise);
            server.refuses(&token, &noise, 400, begin);
        } else {
            server.takes(&token, &late);
        }
        assert_eq!(
            server.upload(&token, &form).status,
            200,
            "the same bytes are fine"
        );
        server.takes(&token, &Form::wheel(&server.project, &Server::version()));
    }
}

pub fn second_sdist(server: &Server) {
    let token = server.token();
    let version = Server::version();
    server.takes(&token, &Form::sdist(&server.project, &version));
    let (_, bytes) = Sdist::new(&server.project, &version).with_seed(1).build();
    let second = (format!("{}-{version}.0.tar.gz", server.project), bytes);
    let second = Form::of(&server.project, &version, second);
    let begin = "Only one sdist may be uploaded per release.";
    server.refuses(&token, &second, 400, begin);
    server.takes(&token, &Form::wheel(&server.project, &version));
}

/// Two first files of a new version, and then the refused one again.
pub fn race(_: &Server) {
    let server = Server::with(Options {
        latency: Duration::from_millis(400),
        ..Options::default()
    });
    let token = server.token();
    let wheel = Form::wheel(&server.project, "1.0");
    let sdist = Form::sdist(&server.project, "1.0");
    let twice = |one: &Form, other: &Form| {
        std::thread::scope(|scope| {
            let first = scope.spawn(|| server.upload(&token, one));
            let second = scope.spawn(|| server.upload(&token, other));
            let answers = [first.join().unwrap(), second.join().unwrap()];
            let mut statuses = [answers[0].status, answers[1].status];
            statuses.sort_unstable();
            if let Some(failed) = answers.iter().find(|answer| answer.status == 500) {
                assert!(failed.header("content-type").starts_with("text/html"));
                assert_eq!(failed.header("connection"), "close");
                assert!(!failed.text().contains("already"));
            }
            statuses
        })
    };
    assert_eq!(twice(&wheel, &sdist), [200, 500]);
    server.takes(&token, &wheel);
    server.takes(&token, &sdist);
    // The version has files now, and more may come at once.
    let more = |seed: u64| {
        let wheel = Wheel::new(&server.project, "1.0").with_seed(seed);
        let (name, bytes) = wheel.build();
        let name = name.replace("py3-none", &format!("cp3{seed}-none"));
        Form::of(&server.project, "1.0", (name, bytes))
    };
    assert_eq!(twice(&more(1), &more(2)), [200, 200]);
    assert_eq!(twice(&more(3), &more(3)), [200, 500], "the same file twice");
    // A 500 may hide a conflict: the resend tells.
    let (one, other) = (Form::wheel("contract", "2.0"), other_wheel(&server, "2.0"));
    assert_eq!(twice(&one, &other), [200, 500]);
    let answers = [server.upload(&token, &one), server.upload(&token, &other)];
    let mut statuses = [answers[0].status, answers[1].status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

pub fn atomic(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let noise = (
        format!("{}-{version}.tar.gz", server.project),
        b"noise".to_vec(),
    );
    let noise = Form::of(&server.project, &version, noise);
    server.refuses(&token, &noise, 400, "Invalid distribution file.");
    let path = format!("/pypi/{}/{version}/json", server.project);
    assert_eq!(server.get(&path, "*/*").status, 404);
    let versions = server.page(&server.project)["versions"].to_string();
    assert!(!versions.contains(&version), "{versions}");
    // Nothing is burnt by it: the right bytes may have the name.
    server.takes(&token, &Form::sdist(&server.project, &version));
    assert_eq!(server.get(&path, "*/*").status, 200);
}

pub fn delayed(server: &Server) {
    let form = Form::wheel(&server.project, &Server::version());
    server.index().faults(|it| it.hidden_reads = 2);
    assert_eq!(server.upload(&server.token(), &form).status, 200);
    assert_eq!(server.shown(&form.filename), None);
    assert_eq!(server.shown(&form.filename), None);
    assert!(server.shown(&form.filename).is_some());
}

pub fn first_file(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let first = Form::wheel(&server.project, &version).add("summary", "the first");
    server.takes(&token, &first.add("requires_python", ">=3.9"));
    let second = Form::sdist(&server.project, &version).add("summary", "the second");
    server.takes(&token, &second.add("requires_python", ">=3.12"));
    let path = format!("/pypi/{}/{version}/json", server.project);
    let info = server.get(&path, "*/*").json()["info"].clone();
    assert_eq!(info["summary"], "the first");
    assert_eq!(info["requires_python"], ">=3.9");
    // What a later file says is looked at all the same.
    let third = Wheel::new(&server.project, &version).with_seed(3).build();
    let third = Form::of(&server.project, &version, third).add("home_page", "x");
    server.refuses(&token, &third, 400, "'x' is not a valid url.");
}
