// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the release must hold: the grammar of the input `require`.
//!
//! Decides how a line is written; `expected` decides whether a release has it.

use globset::GlobMatcher;

use super::select;

pub(super) const LEGAL: &str = "`every-project: sdist, wheel`, or a project's name or glob in front, or a number as in `6 wheels`";

/// The word that stands for each project that the release holds.
const EVERY: &str = "every-project";

/// The most wheels of one version that a line may ask for.
const MOST_WHEELS: usize = 5000;

/// Whom a line speaks of.
#[derive(Clone, Debug)]
pub enum Whose {
    /// Every project that the release holds.
    Every,
    /// The projects whose normalised names match. One at least must be there.
    Project(GlobMatcher),
}

impl Whose {
    /// Whether the line speaks of this normalised name.
    pub fn is(&self, normalised: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Project(glob) => glob.is_match(normalised),
        }
    }
}

/// One thing that each version must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// A source distribution.
    Sdist,
    /// One wheel or more.
    Wheel,
    /// Exactly so many wheels.
    Wheels(usize),
}

/// One line of `require`.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// As it was written, for people.
    pub line: String,
    /// Whom it speaks of.
    pub whose: Whose,
    /// What each version of theirs must have; never empty.
    pub needed: Vec<Needed>,
}

impl Requirement {
    /// Reads a line.
    ///
    /// # Errors
    /// What stands there instead of [`LEGAL`].
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let Some((whose, needed)) = line.split_once(':') else {
            return Err(format!("`{line}`, which has no colon"));
        };
        let whose = match whose.trim() {
            "" => return Err(format!("`{line}`, which names no project")),
            EVERY => Whose::Every,
            glob => Whose::Project(select::project(glob)?),
        };
        if needed.trim().is_empty() {
            return Err(format!("`{line}`, which asks for nothing"));
        }
        let mut read = Vec::new();
        for word in needed.split(',').map(str::trim) {
            let one = self::needed(word).ok_or_else(|| format!("`{word}` in `{line}`"))?;
            // Two words on wheels contradict each other, or one is idle.
            let same = |other: &Needed| (*other == Needed::Sdist) == (one == Needed::Sdist);
            if read.iter().any(same) {
                return Err(format!("`{word}` in `{line}`, which says it already"));
            }
            read.push(one);
        }
        Ok(Self {
            line: line.to_owned(),
            whose,
            needed: read,
        })
    }
}

fn needed(word: &str) -> Option<Needed> {
    match word {
        "sdist" => return Some(Needed::Sdist),
        "wheel" => return Some(Needed::Wheel),
        _ => {}
    }
    let (count, noun) = word.split_once(' ')?;
    let plain = !count.starts_with('0') && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: usize = count.parse().ok().filter(|count| *count <= MOST_WHEELS)?;
    let fits = matches!((count, noun.trim()), (1, "wheel") | (2.., "wheels"));
    (plain && fits).then_some(Needed::Wheels(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whose_and_what() {
        for (line, of, needed) in [
            (
                "every-project: sdist, wheel",
                "foo",
                vec![Needed::Sdist, Needed::Wheel],
            ),
            ("every-project:wheel", "foo", vec![Needed::Wheel]),
            ("Foo_Bar : sdist", "foo-bar", vec![Needed::Sdist]),
            (
                "apache-*: 49 wheels, sdist",
                "apache-x",
                vec![Needed::Wheels(49), Needed::Sdist],
            ),
            ("foo: 1 wheel", "foo", vec![Needed::Wheels(1)]),
        ] {
            let read = Requirement::read(line).unwrap();
            assert!(read.whose.is(of), "{line}");
            assert_eq!(read.needed, needed, "{line}");
        }
        assert!(!Requirement::read("foo: sdist").unwrap().whose.is("foo-bar"));
    }

    #[test]
    fn what_is_not_such_a_line_is_refused() {
        for line in [
            "sdist, wheel",
            ": sdist",
            "foo:",
            "foo: sdist,",
            "foo: Sdist",
            "foo: sdist sdist",
            "foo: sdist, sdist",
            "foo: wheel, 3 wheels",
            "foo: 0 wheels",
            "foo: 03 wheels",
            "foo: +3 wheels",
            "foo: -3 wheels",
            "foo: 1 wheels",
            "foo: 2 wheel",
            "foo: 5001 wheels",
            "foo: 2 sdists",
            "foo bar: sdist",
            "every_project/x: sdist",
        ] {
            assert!(Requirement::read(line).is_err(), "{line}");
        }
    }
}
