// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Makes small wheels and sdists: valid, installable by pip, the same bytes
//! every time. Each can be told to lie, for the tests of what must be refused.

use std::io::{self, Cursor, Read, Seek, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha512};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// An honest wheel: its file name and its bytes. `project` in any spelling.
pub fn wheel(project: &str, version: &str) -> (String, Vec<u8>) {
    Wheel::new(project, version).build()
}

/// An honest sdist: its file name and its bytes. `project` in any spelling.
pub fn sdist(project: &str, version: &str) -> (String, Vec<u8>) {
    Sdist::new(project, version).build()
}

/// What `sha512sum name` prints.
pub fn sha512_sidecar(name: &str, bytes: &[u8]) -> String {
    format!("{}  {name}\n", hex::encode(Sha512::digest(bytes)))
}

/// The name as file names hold it.
fn underscored(project: &str) -> String {
    project.to_lowercase().replace(['-', '.'], "_")
}

/// The core metadata of a made distribution, with the headers that real ones have.
fn metadata(project: &str, version: &str) -> String {
    format!(
        "Metadata-Version: 2.4\n\
         Name: {project}\n\
         Version: {version}\n\
         Summary: A distribution made for tests\n\
         Author-email: Apache Software Foundation <dev@example.org>\n\
         License-Expression: Apache-2.0\n\
         Project-URL: Homepage, https://example.org/\n\
         Keywords: apache,test\n\
         Classifier: Programming Language :: Python :: 3\n\
         Requires-Python: >=3.8\n\
         Description-Content-Type: text/markdown\n\
         \n\
         # {project}\n\
         \n\
         Made for tests; does nothing.\n"
    )
}

/// What both kinds of distribution are told before they are built.
#[derive(Clone, Debug)]
struct Content {
    project: String,
    version: String,
    metadata: Option<String>,
    payload: u64,
    seed: u64,
    /// Further files: path in the archive, contents.
    files: Vec<(String, Vec<u8>)>,
    /// A file of `.dist-info` that is left out.
    without: Option<&'static str>,
    /// What a wheel fits.
    tag: String,
}

impl Content {
    fn new(project: &str, version: &str) -> Self {
        Self {
            project: project.to_owned(),
            version: version.to_owned(),
            metadata: Some(metadata(project, version)),
            payload: 0,
            seed: 0,
            files: Vec::new(),
            without: None,
            tag: "py3-none-any".to_owned(),
        }
    }

    fn module(&self) -> String {
        format!("__version__ = \"{}\"\n", self.version)
    }
}

macro_rules! knobs {
    () => {
        /// One that tells the truth.
        pub fn new(project: &str, version: &str) -> Self {
            Self(Content::new(project, version))
        }

        /// Another name and version inside than in the file name.
        #[must_use]
        pub fn claiming(mut self, project: &str, version: &str) -> Self {
            self.0.metadata = Some(metadata(project, version));
            self
        }

        /// This text as METADATA or PKG-INFO.
        #[must_use]
        pub fn with_metadata(mut self, text: &str) -> Self {
            self.0.metadata = Some(text.to_owned());
            self
        }

        /// No METADATA or PKG-INFO at all.
        #[must_use]
        pub fn without_metadata(mut self) -> Self {
            self.0.metadata = None;
            self
        }

        /// A further file of this many bytes that no compression makes smaller.
        #[must_use]
        pub fn with_payload(mut self, bytes: u64) -> Self {
            self.0.payload = bytes;
            self
        }

        /// A further file at this path of the archive, in RECORD too.
        #[must_use]
        pub fn with_file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
            self.0.files.push((path.to_owned(), bytes.into()));
            self
        }

        /// Other bytes under the same name and with the same metadata.
        #[must_use]
        pub fn with_seed(mut self, seed: u64) -> Self {
            self.0.seed = seed;
            self.0.payload = self.0.payload.max(32);
            self
        }

        /// The file name and the bytes.
        ///
        /// # Panics
        /// Never: memory takes every write.
        pub fn build(&self) -> (String, Vec<u8>) {
            let mut bytes = Cursor::new(Vec::new());
            self.write_to(&mut bytes).expect("memory takes every write");
            (self.file_name(), bytes.into_inner())
        }
    };
}

/// A wheel; a pure Python one unless it is told another tag.
#[derive(Clone, Debug)]
pub struct Wheel(Content);

impl Wheel {
    knobs!();

    /// Without WHEEL, or without RECORD.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Self {
        self.0.without = Some(name);
        self
    }

    /// For this Python, ABI and platform.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.0.tag);
        self
    }

    /// The file name.
    pub fn file_name(&self) -> String {
        format!(
            "{}-{}-{}.whl",
            underscored(&self.0.project),
            self.0.version,
            self.0.tag
        )
    }

    /// Writes the bytes, whatever their number, in constant memory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, to: impl Write + Seek) -> io::Result<()> {
        let name = underscored(&self.0.project);
        let info = format!("{name}-{}.dist-info", self.0.version);
        let mut record = String::new();
        let mut zip = ZipWriter::new(to);
        let mut add = |path: String, bytes: &[u8], record: &mut String| {
            zip.start_file(&path, deflated())?;
            zip.write_all(bytes)?;
            record.push_str(&record_line(
                &path,
                &Sha256::digest(bytes),
                bytes.len() as u64,
            ));
            io::Result::Ok(())
        };
        add(
            format!("{name}/__init__.py"),
            self.0.module().as_bytes(),
            &mut record,
        )?;
        if let Some(text) = &self.0.metadata {
            add(format!("{info}/METADATA"), text.as_bytes(), &mut record)?;
        }
        let wheel = format!(
            "Wheel-Version: 1.0\nGenerator: testbed\n\
             Root-Is-Purelib: {}\nTag: {}\n",
            self.0.tag.ends_with("-any"),
            self.0.tag
        );
        if self.0.without != Some("WHEEL") {
            add(format!("{info}/WHEEL"), wheel.as_bytes(), &mut record)?;
        }
        for (path, bytes) in &self.0.files {
            add(path.clone(), bytes, &mut record)?;
        }
        if self.0.payload > 0 {
            let path = format!("{name}/payload.bin");
            zip.start_file(
                &path,
                deflated().compression_method(CompressionMethod::Stored),
            )?;
            let mut hasher = Sha256::new();
            let mut noise = Noise::new(self.0.payload, self.0.seed);
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = noise.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                hasher.update(&buffer[..read]);
                zip.write_all(&buffer[..read])?;
            }
            record.push_str(&record_line(&path, &hasher.finalize(), self.0.payload));
        }
        if self.0.without != Some("RECORD") {
            zip.start_file(format!("{info}/RECORD"), deflated())?;
            writeln!(zip, "{record}{info}/RECORD,,")?;
        }
        zip.finish()?;
        Ok(())
    }
}

/// A source distribution that builds itself without any download.
#[derive(Clone, Debug)]
pub struct Sdist(Content);

impl Sdist {
    knobs!();

    /// The file name.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tar.gz", underscored(&self.0.project), self.0.version)
    }

    /// Writes the bytes, whatever their number, in constant memory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, to: impl Write) -> io::Result<()> {
        let name = underscored(&self.0.project);
        let top = format!("{name}-{}", self.0.version);
        let (_, wheel) = Wheel(Content {
            payload: 0,
            files: Vec::new(),
            ..self.0.clone()
        })
        .build();
        let gz = flate2::GzBuilder::new()
            .mtime(0)
            .write(to, flate2::Compression::default());
        let mut tar = tar::Builder::new(gz);
        if let Some(text) = &self.0.metadata {
            append(
                &mut tar,
                &format!("{top}/PKG-INFO"),
                text.len() as u64,
                text.as_bytes(),
            )?;
        }
        let module = self.0.module();
        let wheel_name = Wheel(self.0.clone()).file_name();
        let backend = BACKEND.replace("WHEEL_NAME", &wheel_name);
        let files: [(&str, &[u8]); 4] = [
            ("pyproject.toml", PYPROJECT.as_bytes()),
            ("backend.py", backend.as_bytes()),
            (&format!("{name}/__init__.py"), module.as_bytes()),
            (&format!("built/{wheel_name}"), &wheel),
        ];
        for (path, bytes) in files {
            append(
                &mut tar,
                &format!("{top}/{path}"),
                bytes.len() as u64,
                bytes,
            )?;
        }
        for (path, bytes) in &self.0.files {
            append(&mut tar, path, bytes.len() as u64, bytes.as_slice())?;
        }
        if self.0.payload > 0 {
            let noise = Noise::new(self.0.payload, self.0.seed);
            append(
                &mut tar,
                &format!("{top}/payload.bin"),
                self.0.payload,
                noise,
            )?;
        }
        tar.into_inner()?.finish()?;
        Ok(())
    }
}

const PYPROJECT: &str = "[build-system]\n\
    requires = []\n\
    build-backend = \"backend\"\n\
    backend-path = [\".\"]\n";

/// The wheel lies in the sdist already, so that pip needs no index to build it.
const BACKEND: &str = "import pathlib\nimport shutil\n\n\n\
    def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n    \
    built = pathlib.Path(__file__).parent / \"built\" / \"WHEEL_NAME\"\n    \
    shutil.copy(built, wheel_directory)\n    \
    return built.name\n";

fn deflated() -> SimpleFileOptions {
    // zip's default time is its epoch, so the bytes are the same on any day.
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn record_line(path: &str, sha256: &[u8], size: u64) -> String {
    format!("{path},sha256={},{size}\n", URL_SAFE_NO_PAD.encode(sha256))
}

fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    path: &str,
    size: u64,
    bytes: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, path, bytes)
}

/// Bytes that look random: xorshift, so that they are the same every time.
struct Noise {
    state: u64,
    left: u64,
}

impl Noise {
    fn new(len: u64, seed: u64) -> Self {
        Self {
            state: 0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0xD6E8_FEB8_6659_FD93),
            left: len,
        }
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for chunk in buffer[..len].chunks_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            chunk.copy_from_slice(&self.state.to_le_bytes()[..chunk.len()]);
        }
        self.left -= len as u64;
        Ok(len)
    }
}
