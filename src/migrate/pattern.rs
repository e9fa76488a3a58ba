// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Regular expressions on file names, as far as globs can say the same. Pure.
//!
//! Decides nothing in doubt: what has no glob of exactly its meaning has none.

use crate::dist::filename::is_other_artifact;

/// More alternatives than this are not written out.
const MOST: usize = 64;
/// Groups within each other, which are read one within the other.
const DEEPEST: usize = 16;
/// Bytes of an expression; one that people wrote has a few dozen.
const LONGEST: usize = 1000;

/// A regular expression of a release-config as globs on whole names, one for
/// each alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Globs {
    /// The globs, in the order of the alternatives.
    pub(super) globs: Vec<String>,
    /// Whether there is a group; without one the incumbent failed.
    pub(super) grouped: bool,
}

impl Globs {
    /// Reads an expression that has to match the whole name.
    ///
    /// Python's `re.match` holds the beginning only, so the expression has to
    /// end in `$` or `.*`. None where globs cannot say it.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        if pattern.len() > LONGEST {
            return None;
        }
        let body = pattern.strip_prefix('^').unwrap_or(pattern);
        let (body, anchored) = match body.strip_suffix('$') {
            Some(body) if !body.ends_with('\\') => (body, true),
            _ => (body, false),
        };
        let mut reader = Reader {
            rest: body,
            depth: 0,
            grouped: false,
        };
        let mut globs = Vec::new();
        loop {
            let all = reader.sequence()?;
            let is_last = !reader.take("|");
            // The `$` belongs to the last alternative alone.
            let is_whole = is_last && anchored || all.iter().all(|glob| glob.ends_with('*'));
            globs.extend(all);
            if !is_whole || globs.len() > MOST {
                return None;
            }
            if is_last {
                break;
            }
        }
        reader.rest.is_empty().then_some(Self {
            globs,
            grouped: reader.grouped,
        })
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// Of how many groups the end is still to come.
    depth: usize,
    grouped: bool,
}

impl Reader<'_> {
    fn take(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `a|b|c`, up to the end or a closing bracket.
    fn alternatives(&mut self) -> Option<Vec<String>> {
        let mut all = self.sequence()?;
        while self.take("|") {
            all.extend(self.sequence()?);
        }
        (all.len() <= MOST).then_some(all)
    }

    fn sequence(&mut self) -> Option<Vec<String>> {
        let mut all = vec![String::new()];
        while !self.rest.is_empty() && !self.rest.starts_with([')', '|']) {
            let next = self.part()?;
            if all.len() * next.len() > MOST {
                return None;
            }
            all = all
                .iter()
                .flat_map(|head| next.iter().map(move |tail| format!("{head}{tail}")))
                .collect();
        }
        Some(all)
    }

    /// One character, or one group, with what says how often.
    fn part(&mut self) -> Option<Vec<String>> {
        if self.rest.starts_with('(') {
            if !self.take("(?:") {
                self.take("(");
                if self.rest.starts_with('?') {
                    return None;
                }
                self.grouped = true;
            }
            if self.depth >= DEEPEST {
                return None;
            }
            self.depth += 1;
            let all = self.alternatives()?;
            self.depth -= 1;
            return (self.take(")") && !self.is_repeated()).then_some(all);
        }
        for (regex, glob) in [(".*?", "*"), (".*", "*"), (".+?", "?*"), (".+", "?*")] {
            if self.take(regex) {
                return (!self.is_repeated()).then(|| vec![glob.to_owned()]);
            }
        }
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        let glob = match c {
            '.' => '?',
            '\\' => {
                let c = self
                    .rest
                    .chars()
                    .next()
                    .filter(char::is_ascii_punctuation)?;
                self.rest = self.rest.get(c.len_utf8()..)?;
                c
            }
            c if c.is_ascii_alphanumeric() || "-_,~@ ".contains(c) => c,
            _ => return None,
        };
        // What a glob would read as its own sign, but for the `?` made here.
        let is_sign = c != '.' && "*?[]{}!\\/,".contains(glob);
        (!is_sign && !self.is_repeated()).then(|| vec![glob.to_string()])
    }

    fn is_repeated(&self) -> bool {
        self.rest.starts_with(['*', '+', '?', '{'])
    }
}

/// The globs of the projects whose files such a glob on file names means:
/// anchored, and a whole word. None where it does not say a project.
pub(super) fn projects(glob: &str) -> Option<Vec<String>> {
    let name = glob.trim_start_matches('*').strip_suffix('*')?;
    let name = name.trim_end_matches('*');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_version = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !name.chars().all(is_plain)
        || name.split(['-', '_']).any(is_version)
    {
        return None;
    }
    let whole = name.trim_end_matches(['-', '_']);
    let normal = whole.to_ascii_lowercase().replace('_', "-");
    let more = format!("{normal}-*");
    Some(if whole == name {
        vec![normal, more]
    } else {
        vec![more]
    })
}

/// Whether a glob names nothing but signatures and checksums, which are never
/// published.
pub(super) fn is_sidecar(glob: &str) -> bool {
    const ENDS: [&str; 8] = [
        "asc", "sha512", "sha256", "sha1", "sha", "md5", "mds", "sig",
    ];
    ENDS.iter().any(|end| {
        glob.strip_suffix(end)
            .is_some_and(|head| head.ends_with(['.', '?']) || head == "*")
    })
}

/// Whether no name that such a glob matches is one of a distribution: there a
/// version follows the first hyphen, and none of the words that tell a source
/// archive.
pub(super) fn is_never_published(glob: &str) -> bool {
    let head = glob.split(['*', '?']).next().unwrap_or_default();
    let no_version = head
        .split_once('-')
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    // Where the `?` is no dot, the name has no suffix of a distribution either.
    let archive = glob
        .rsplit_once('*')
        .is_some_and(|(_, tail)| is_other_artifact(&format!("x{}", tail.replace('?', "."))));
    no_version || archive
}
