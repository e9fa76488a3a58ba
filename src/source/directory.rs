// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A local directory as the source. Links are never followed: neither while
//! walking nor while opening, on no part of the path below the directory.
//! There is no snapshot here; whoever lists twice compares sizes and times.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open, openat};

use super::error::SourceError;
use super::fetched::Fetched;
use super::{Entry, Limits};

/// A directory of this machine.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn open(root: &Path) -> Result<Self, SourceError> {
        let expected = || format!("a directory at {}", root.display());
        let metadata =
            std::fs::metadata(root).map_err(|error| SourceError::of_read(&error, expected()))?;
        if metadata.is_dir() {
            Ok(Self {
                root: root.to_owned(),
            })
        } else {
            Err(SourceError::Refused {
                expected: expected(),
                found: "no directory".to_owned(),
                advice: Some("Name the directory that holds the release's files."),
            })
        }
    }

    /// Walks the directory.
    pub(super) fn list(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        let mut entries = Vec::new();
        let mut folders = vec![String::new()];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            let path = self.root.join(&folder);
            let failed =
                |error: &io::Error| SourceError::of_read(error, path.display().to_string());
            for child in std::fs::read_dir(&path).map_err(|error| failed(&error))? {
                let child = child.map_err(|error| failed(&error))?;
                let path = relative(&folder, &child)?;
                let metadata = child.metadata().map_err(|error| failed(&error))?;
                if metadata.is_dir() {
                    seen += 1;
                    folders.push(path);
                } else {
                    let kind = metadata.file_type();
                    entries.push(Entry {
                        path,
                        size: metadata.len(),
                        sha1: None,
                        created_revision: None,
                        committed: None,
                        modified: metadata.modified().ok(),
                        validator: None,
                        special: match kind {
                            kind if kind.is_file() => None,
                            kind if kind.is_symlink() => Some("link"),
                            _ => Some("device"),
                        },
                    });
                }
                limits.check_count(entries.len().max(seen))?;
            }
        }
        super::sort(entries)
    }

    /// Copies one file of the listing to private disk. Blocks.
    pub(super) fn fetch(&self, entry: &Entry, temp: &Path) -> Result<Fetched, SourceError> {
        let file = self.open_file(entry)?;
        let (fetched, sha1) = Fetched::copy(file, entry.size, temp)
            .map_err(|error| SourceError::of_write(&error))?
            .map_err(|error| SourceError::of_read(&error, entry.path.clone()))?;
        compare_size(entry, fetched.size())?;
        super::compare_sha1(entry, &sha1)?;
        Ok(fetched)
    }

    /// Reads one small file of the listing. Blocks.
    pub(super) fn read_small(&self, entry: &Entry) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        self.open_file(entry)?
            .take(entry.size.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| SourceError::of_read(&error, entry.path.clone()))?;
        compare_size(entry, bytes.len() as u64)?;
        Ok(bytes)
    }

    /// Opens a file segment by segment, so that no folder on the way can have
    /// become a link since it was listed.
    fn open_file(&self, entry: &Entry) -> Result<File, SourceError> {
        let failed = |error: rustix::io::Errno| match error {
            rustix::io::Errno::LOOP => SourceError::Special {
                path: entry.path.clone(),
                found: "a link".to_owned(),
            },
            error => SourceError::of_read(&error.into(), entry.path.clone()),
        };
        let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut handle: OwnedFd = open(&self.root, folder, Mode::empty()).map_err(failed)?;
        let (folders, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        for name in folders.split('/').filter(|name| !name.is_empty()) {
            handle =
                openat(&handle, name, folder | OFlags::NOFOLLOW, Mode::empty()).map_err(failed)?;
        }
        // Without NONBLOCK a pipe put in the file's place would hold the run.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&handle, name, flags, Mode::empty()).map_err(failed)?);
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(file),
            Ok(_) => Err(SourceError::Special {
                path: entry.path.clone(),
                found: "no file any more".to_owned(),
            }),
            Err(error) => Err(SourceError::of_read(&error, entry.path.clone())),
        }
    }
}

fn relative(folder: &str, child: &std::fs::DirEntry) -> Result<String, SourceError> {
    let join = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let name = child.file_name();
    name.to_str().map(join).ok_or_else(|| SourceError::Name {
        path: join(&name.to_string_lossy()),
    })
}

fn compare_size(entry: &Entry, found: u64) -> Result<(), SourceError> {
    if found == entry.size {
        Ok(())
    } else {
        Err(SourceError::Bytes {
            expected: format!("{} bytes, as listed", entry.size),
            found: if found < entry.size {
                format!("{found} bytes")
            } else {
                "more bytes".to_owned()
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn limits() -> Limits {
        Limits {
            max_files: 10,
            max_file_size: 1 << 20,
            max_total_size: 1 << 20,
        }
    }

    fn entry(path: &str, size: u64) -> Entry {
        Entry {
            path: path.to_owned(),
            size,
            sha1: None,
            created_revision: None,
            committed: None,
            modified: None,
            validator: None,
            special: None,
        }
    }

    #[test]
    fn a_directory_is_listed_whole_sorted_and_without_following_links() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/c")).unwrap();
        fs::write(root.path().join("b/c/100% ü.txt"), "12345").unwrap();
        fs::write(root.path().join("b-file"), "").unwrap();
        symlink("/etc", root.path().join("etc")).unwrap();
        let entries = Directory::open(root.path())
            .unwrap()
            .list(&limits())
            .unwrap();
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.special))
            .collect();
        assert_eq!(
            shown,
            [
                ("b-file", None),
                ("b/c/100% ü.txt", None),
                ("etc", Some("link"))
            ]
        );
        assert_eq!(entries[1].size, 5);
        assert!(entries[1].modified.is_some());
    }

    #[test]
    fn a_name_that_is_no_text_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"a\xff")), "").unwrap();
        let error = Directory::open(root.path())
            .unwrap()
            .list(&limits())
            .unwrap_err();
        assert!(matches!(error, SourceError::Name { .. }), "{error}");
    }

    #[test]
    fn more_files_or_folders_than_the_limit_are_refused() {
        for make in [
            |path: &Path| fs::write(path, ""),
            |path: &Path| fs::create_dir(path),
        ] {
            let root = tempfile::tempdir().unwrap();
            for number in 0..11 {
                make(&root.path().join(number.to_string())).unwrap();
            }
            let error = Directory::open(root.path())
                .unwrap()
                .list(&limits())
                .unwrap_err();
            assert!(matches!(error, SourceError::Limit { .. }), "{error}");
        }
    }

    #[test]
    fn what_became_a_link_or_changed_its_size_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("real")).unwrap();
        fs::write(root.path().join("real/file"), "12345").unwrap();
        symlink("real", root.path().join("folder")).unwrap();
        symlink("real/file", root.path().join("file")).unwrap();
        let directory = Directory::open(root.path()).unwrap();
        let fetched = directory
            .fetch(&entry("real/file", 5), temp.path())
            .unwrap();
        assert_eq!(fetched.size(), 5);
        assert_eq!(
            directory.read_small(&entry("real/file", 5)).unwrap(),
            b"12345"
        );
        for size in [4, 6] {
            let entry = entry("real/file", size);
            let error = directory.fetch(&entry, temp.path()).unwrap_err();
            assert!(matches!(error, SourceError::Bytes { .. }), "{error}");
            let error = directory.read_small(&entry).unwrap_err();
            assert!(matches!(error, SourceError::Bytes { .. }), "{error}");
        }
        for path in ["file", "folder/file", "real"] {
            let error = directory.fetch(&entry(path, 5), temp.path()).unwrap_err();
            let special = matches!(
                error,
                SourceError::Special { .. } | SourceError::Refused { .. }
            );
            assert!(special, "{path}: {error}");
        }
        let error = directory.fetch(&entry("gone", 5), temp.path()).unwrap_err();
        assert!(matches!(error, SourceError::NotFound { .. }), "{error}");
    }
}
