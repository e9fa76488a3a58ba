// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Drives a real Apache httpd with mod_dav_svn on a free loopback port.
//!
//! One repository `dist` with `dev/` and `release/`, laid out as the ASF's, at
//! `/repos/dist`, and once more at `/walked/dist` where reports are forbidden;
//! plain files with index pages at `/plain`. Needs the Debian
//! packages that [`available`] names; installs nothing and asks for no rights.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;

mod listing;

pub use listing::Listing;

/// Where Debian keeps httpd's modules.
pub(crate) const MODULES: &str = "/usr/lib/apache2/modules";
/// What every configuration loads; the rest is built in.
const LOADED: [&str; 9] = [
    "mpm_event",
    "authz_core",
    "alias",
    "dir",
    "mime",
    "headers",
    "autoindex",
    "dav",
    "dav_svn",
];
/// Every byte of a path segment but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether this machine has what [`Httpd::start`] needs.
///
/// # Errors
/// A sentence that names what is missing.
pub fn available() -> Result<(), String> {
    let mut missing = Vec::new();
    if find("apache2").is_none() || !Path::new(MODULES).join("mod_dav_svn.so").exists() {
        missing.push("apache2 libapache2-mod-svn");
    }
    if find("svn").is_none() || find("svnadmin").is_none() || find("svnmucc").is_none() {
        missing.push("subversion");
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("not installed: {}", missing.join(" ")))
    }
}

/// The program's path, also from the folders that only root has in PATH.
#[expect(clippy::disallowed_methods, reason = "a test looks for programs")]
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.exists())
}

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub struct Httpd {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Httpd {
    /// Makes the repository and starts the server.
    ///
    /// # Panics
    /// When something is missing or does not start: the test cannot go on.
    pub fn start() -> Self {
        Self::start_with(&|_, _| String::new())
    }

    /// The same with more configuration, made for a folder and a port.
    pub(crate) fn start_with(more: &dyn Fn(&Path, u16) -> String) -> Self {
        if let Err(missing) = available() {
            panic!("{missing}");
        }
        // World-traversable: as root, httpd's workers are www-data.
        let folder = tempfile::Builder::new()
            .prefix("testbed-httpd-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .expect("a temporary folder");
        for name in ["repos", "plain", "run"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        }
        let repository = folder.path().join("repos/dist");
        run(Command::new("svnadmin").arg("create").arg(&repository));
        run(svn("svn")
            .args(["mkdir", "-q", "-m", "Lay out the repository"])
            .args(
                ["dev", "release"].map(|area| format!("file://{}/{area}", repository.display())),
            ));

        let mut tries = 0;
        loop {
            let port = free_port();
            let more = more(folder.path(), port);
            let process = launch(folder.path(), port, &more);
            if let Some(process) = wait_until_up(process, port) {
                return Self {
                    folder,
                    port,
                    process,
                };
            }
            tries += 1;
            let log = fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
            assert!(tries < 3, "httpd does not start: {log}");
        }
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a path in the repository, percent-encoded.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/repos/dist/{}", self.port, encode(path))
    }

    /// The URL of the same path where `REPORT` is forbidden, so that whoever
    /// lists must walk.
    pub fn walked_url(&self, path: &str) -> String {
        self.url(path).replacen("/repos/", "/walked/", 1)
    }

    /// The URL of a path below [`Httpd::plain`], which is no repository.
    pub fn plain_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/plain/{}", self.port, encode(path))
    }

    /// The URL of the same path, listed in another form.
    pub fn listed_url(&self, form: Listing, path: &str) -> String {
        let form = form.word();
        format!("http://127.0.0.1:{}/{form}/{}", self.port, encode(path))
    }

    /// The folder of plain files.
    pub fn plain(&self) -> PathBuf {
        self.folder.path().join("plain")
    }

    /// The repository's own `file://` URL of a path, percent-encoded.
    pub fn file_url(&self, path: &str) -> String {
        let repository = self.folder.path().join("repos/dist");
        format!("file://{}/{}", repository.display(), encode(path))
    }

    /// Commits one file, whose folder is made if need be; gives the revision.
    pub fn put(&self, path: &str, bytes: &[u8], message: &str) -> u64 {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), bytes).expect("a written file");
        let mut command = svn("svnmucc");
        command.args(["-m", message, "-U", &self.file_url("")]);
        for folder in missing_folders(path, |folder| self.exists(folder)) {
            command.arg("mkdir").arg(encode(&folder));
        }
        command.arg("put").arg(file.path()).arg(encode(path));
        run(&mut command);
        self.revision()
    }

    /// Commits a whole local folder as `path`, which must be new; symbolic
    /// links become `svn:special`. Gives the revision.
    pub fn commit_tree(&self, folder: &Path, path: &str, message: &str) -> u64 {
        run(svn("svn")
            .args([
                "import",
                "-q",
                "--no-ignore",
                "--no-auto-props",
                "-m",
                message,
            ])
            .arg(folder)
            .arg(self.file_url(path.trim_end_matches('/'))));
        self.revision()
    }

    /// Checks the whole repository out, lets `change` work on it, and commits
    /// what it did: new files are added, missing ones deleted.
    pub fn commit(&self, message: &str, change: impl FnOnce(&Path)) -> u64 {
        let copy = tempfile::tempdir().expect("a temporary folder");
        run(svn("svn")
            .args(["checkout", "-q", &self.file_url("")])
            .arg(copy.path()));
        change(copy.path());
        run(svn("svn")
            .args([
                "add",
                "-q",
                "--force",
                "--no-ignore",
                "--no-auto-props",
                ".",
            ])
            .current_dir(copy.path()));
        let status = run(svn("svn").arg("status").current_dir(copy.path()));
        for gone in status.lines().filter_map(|line| line.strip_prefix('!')) {
            run(svn("svn")
                .args(["delete", "-q", &format!("{}@", gone.trim_start())])
                .current_dir(copy.path()));
        }
        run(svn("svn")
            .args(["commit", "-q", "-m", message])
            .current_dir(copy.path()));
        self.revision()
    }

    /// Sets a property on a path, for example `svn:externals`; gives the revision.
    pub fn set_property(&self, path: &str, name: &str, value: &str) -> u64 {
        run(svn("svnmucc")
            .args(["-m", "Set a property", "-U", &self.file_url("")])
            .args(["propset", name, value, &encode(path)]));
        self.revision()
    }

    /// Deletes a path; gives the revision.
    pub fn delete(&self, path: &str) -> u64 {
        run(svn("svnmucc")
            .args(["-m", "Delete", "-U", &self.file_url("")])
            .args(["rm", &encode(path.trim_end_matches('/'))]));
        self.revision()
    }

    /// Moves a path, as projects do after a vote; gives the revision.
    pub fn rename(&self, from: &str, to: &str) -> u64 {
        run(svn("svnmucc")
            .args(["-m", "Move", "-U", &self.file_url("")])
            .args(["mv", &encode(from), &encode(to)]));
        self.revision()
    }

    /// When a revision was committed, as Subversion writes it.
    pub fn date(&self, revision: u64) -> String {
        let revision = revision.to_string();
        let date = run(svn("svn")
            .args(["propget", "--strict", "--revprop", "-r", &revision])
            .args(["svn:date", &self.file_url("")]));
        date.trim().to_owned()
    }

    /// The youngest revision.
    pub fn revision(&self) -> u64 {
        let repository = self.folder.path().join("repos/dist");
        run(Command::new("svnlook").arg("youngest").arg(repository))
            .trim()
            .parse()
            .expect("a revision")
    }

    /// The request lines so far, each with its status: `GET /x HTTP/1.1 200`.
    pub fn requests(&self) -> Vec<String> {
        fs::read_to_string(self.folder.path().join("access.log"))
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// As [`Self::requests`], when nothing more comes: httpd logs a request
    /// after it was answered, and in no order that is sure.
    pub fn settled_requests(&self) -> Vec<String> {
        let mut requests = self.requests();
        let mut quiet = 0;
        while quiet < 4 {
            sleep(Duration::from_millis(30));
            let now = self.requests();
            quiet = if now.len() == requests.len() {
                quiet + 1
            } else {
                0
            };
            requests = now;
        }
        requests
    }

    fn exists(&self, path: &str) -> bool {
        svn("svn")
            .args(["info", &format!("{}@", self.file_url(path))])
            .output()
            .is_ok_and(|output| output.status.success())
    }
}

impl Drop for Httpd {
    fn drop(&mut self) {
        // SIGTERM, so that the workers go with their parent.
        let _ = Command::new("sh")
            .args([
                "-c",
                "kill -TERM \"$1\"",
                "sh",
                &self.process.id().to_string(),
            ])
            .status();
        let _ = self.process.wait();
    }
}

/// Percent-encodes a path, segment by segment.
pub fn encode(path: &str) -> String {
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string())
        .collect();
    segments.join("/")
}

/// The folders above `path` that are not there, outermost first.
fn missing_folders(path: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut missing = Vec::new();
    let mut rest = path;
    while let Some((folder, _)) = rest.rsplit_once('/') {
        if exists(folder) {
            break;
        }
        missing.insert(0, folder.to_owned());
        rest = folder;
    }
    missing
}

fn svn(program: &str) -> Command {
    let mut command = Command::new(program);
    // Names are UTF-8 whatever the locale of the machine.
    command.env("LC_ALL", "C.UTF-8").arg("--non-interactive");
    command
}

/// Runs a command to its end and gives what it wrote.
fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

fn launch(folder: &Path, port: u16, more: &str) -> Child {
    let file = folder.join("httpd.conf");
    fs::write(
        &file,
        configuration(folder, port) + &listing::configuration(folder) + more,
    )
    .expect("a written configuration");
    let program = find("apache2").expect("apache2 is not installed");
    Command::new(program)
        .arg("-f")
        .arg(&file)
        .arg("-DFOREGROUND")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("httpd starts")
}

fn configuration(folder: &Path, port: u16) -> String {
    let dir = folder.display();
    let modules: String = LOADED
        .iter()
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
        .collect();
    // Only root can and must give its rights away.
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let user = if root {
        "User www-data\nGroup www-data\n"
    } else {
        ""
    };
    format!(
        r#"ServerRoot "{dir}"
ServerName localhost
Listen 127.0.0.1:{port}
DefaultRuntimeDir "{dir}/run"
PidFile "{dir}/run/httpd.pid"
{modules}{user}ErrorLog "{dir}/error.log"
LogFormat "%r %>s" brief
CustomLog "{dir}/access.log" brief
TypesConfig /dev/null
StartServers 1
ServerLimit 2
ThreadsPerChild 25
MaxRequestWorkers 50
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 30
<Location "/repos">
  DAV svn
  SVNParentPath "{dir}/repos"
  SVNAllowBulkUpdates On
  Require all granted
</Location>
<Location "/walked">
  DAV svn
  SVNParentPath "{dir}/repos"
  <Limit REPORT>
    Require all denied
  </Limit>
  <LimitExcept REPORT>
    Require all granted
  </LimitExcept>
</Location>
"#
    )
}

/// Waits until the port answers; none when the process ended instead.
fn wait_until_up(mut process: Child, port: u16) -> Option<Child> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(process);
        }
        match process.try_wait() {
            Ok(None) => sleep(Duration::from_millis(20)),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
    let _: io::Result<()> = process.kill();
    let _ = process.wait();
    None
}
