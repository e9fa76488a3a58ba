// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Uploads to a real `pypiserver`, by us and by twine: an index that we did not
//! write takes our form. It mints no tokens and has no pages in JSON, so this is
//! the upload alone; the token is from the stand-in, and it does not look at it.

use testbed::pypiserver::PypiServer;

use super::*;

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test is told by its environment where Python is, and says why it skips"
)]
fn server() -> Option<(PypiServer, std::ffi::OsString)> {
    let Some(python) = std::env::var_os("TWINE_PYTHON") else {
        println!("skipped: TWINE_PYTHON names no python that has twine");
        return None;
    };
    let server = PypiServer::start(&python);
    if server.is_none() {
        println!("skipped: TWINE_PYTHON has no pypiserver");
    }
    Some((server?, python))
}

#[tokio::test]
async fn a_real_server_takes_our_form_as_it_takes_twine_s() {
    let Some((server, python)) = server() else {
        return;
    };
    let world = World::new();
    let token = world.token().await;
    let base = Url::parse(&world.fake.base()).unwrap();
    let upload = Url::parse(&server.upload_url()).unwrap();
    let endpoints = Endpoints::own(&base, Some(&upload)).unwrap();
    let world = World {
        index: Index::new(world.client.clone(), endpoints),
        ..world
    };
    let (wheel, sdist) = (TestFile::wheel(), TestFile::sdist());
    for file in [&wheel, &sdist] {
        let sent = world.upload(&token, file).await;
        assert_eq!(sent, Ok(Uploaded { tries: 1 }), "{}", file.name);
        assert!(std::fs::read(server.path(file.name)).unwrap() == file.bytes);
    }
    assert_eq!(world.uploads(), 0, "the stand-in had none");
    // Such a server takes no name twice, and says so finally.
    let again = world.upload(&token, &wheel).await.unwrap_err();
    assert!(
        matches!(
            again,
            IndexError::UploadRefused { status: 409, .. } | IndexError::Conflict { .. }
        ),
        "{again:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    let other = TestFile::new("example", "2.0", "example-2.0.tar.gz", 5);
    let path = folder.path().join(other.name);
    std::fs::write(&path, &other.bytes).unwrap();
    let twine = Command::new(&python)
        .args(["-m", "twine", "upload", "--non-interactive"])
        .args(["--disable-progress-bar", "-u", "x", "-p", "x"])
        .args(["--repository-url", &server.upload_url()])
        .arg(&path)
        .output()
        .unwrap();
    assert!(twine.status.success(), "{twine:?}");
    assert_eq!(server.files(), [WHEEL, SDIST, "example-2.0.tar.gz"]);

    let pip = Command::new(&python)
        .args(["-m", "pip", "--isolated", "download", "--no-deps"])
        .args(["--no-cache-dir", "--disable-pip-version-check"])
        .args(["--only-binary", ":all:"])
        .args(["--index-url", &server.simple_url(), "--dest"])
        .arg(folder.path())
        .arg("example==1.0")
        .output()
        .unwrap();
    assert!(pip.status.success(), "{pip:?}");
    assert!(std::fs::read(folder.path().join(WHEEL)).unwrap() == wheel.bytes);
}
