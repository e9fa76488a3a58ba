// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our verdicts beside those of the real gpg, on hundreds of combinations of
//! keys, signatures and damage, and the page that lists every one of them.
//!
//! What must hold: nothing passes that gpg does not call good, and nothing is
//! refused that gpg calls good, but for the reasons in `class`.

mod cases;
mod class;
mod judges;
mod maker;
mod packets;
mod page;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use asf_pypi_publish::openpgp::{Fingerprint, Signer};

use class::{Class, Facts, TABLE};
use judges::{By, Home, Ours, Said, Word};

/// The gpg that the page is about, Debian 12's: others judge some rows anew.
const VERSION: &str = "gpg (GnuPG) 2.2.40";
/// The fewest combinations that the page must have.
const LEAST: usize = 250;
/// How many of gpg run at a time.
const THREADS: usize = 3;

/// One combination, to be judged by both.
struct Row {
    name: String,
    keys: Vec<u8>,
    asc: Vec<u8>,
    data: Vec<u8>,
    classes: Vec<Class>,
}

impl Row {
    fn new(name: impl Into<String>, keys: &[u8], asc: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            keys: keys.to_vec(),
            asc,
            data: super::DATA.to_vec(),
            classes: Vec::new(),
        }
    }

    /// The file that lies beside the signature, where it is not the usual one.
    fn of(mut self, data: Vec<u8>) -> Self {
        self.data = data;
        self
    }

    /// The reasons for which the verdicts on it may differ.
    fn because(mut self, classes: impl IntoIterator<Item = Class>) -> Self {
        self.classes.extend(classes);
        self
    }
}

/// The rows of one question.
struct Section {
    title: &'static str,
    about: &'static str,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Table(Vec<Section>);

impl Table {
    fn section(&mut self, title: &'static str, about: &'static str) {
        let rows = Vec::new();
        self.0.push(Section { title, about, rows });
    }

    fn push(&mut self, row: Row) {
        let section = self.0.last_mut().expect("a section");
        let twin = section.rows.iter().find(|it| it.name == row.name);
        assert!(twin.is_none(), "two rows are called `{}`", row.name);
        section.rows.push(row);
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.0.iter().flat_map(|section| &section.rows)
    }
}

/// How the two verdicts on a row stand to each other.
#[derive(Debug, PartialEq, Eq)]
enum Relation {
    BothPass,
    BothRefuse,
    /// We refuse what gpg calls good.
    Stricter(Vec<Class>),
    /// We pass where gpg has another word than good for one of the signatures.
    Excused(Vec<Class>),
    NotCompared,
}

impl Relation {
    /// Whether this class is what explains it.
    fn uses(&self, class: Class) -> bool {
        match self {
            Self::Stricter(used) | Self::Excused(used) => used.contains(&class),
            Self::NotCompared => class == Class::NotRead,
            Self::BothPass | Self::BothRefuse => false,
        }
    }
}

/// Compares two verdicts, or says what nothing explains.
fn relate(classes: &[Class], said: &Said, ours: &Ours) -> Result<Relation, String> {
    let fail = |why: String| Err(format!("{why}: gpg says {said:?}, we say {ours:?}"));
    if classes.contains(&Class::NotRead) {
        let silent = |(word, _): &(Word, _)| *word == Word::Unsupported;
        return if said.words.iter().all(silent) {
            Ok(Relation::NotCompared)
        } else {
            fail("gpg can read it after all".to_owned())
        };
    }
    let Some(signer) = &ours.signer else {
        return if said.any_good() {
            explain_refusal(classes, ours)
                .map(Relation::Stricter)
                .or_else(fail)
        } else {
            Ok(Relation::BothRefuse)
        };
    };
    let mut used = Vec::new();
    let mut signer_found = false;
    for (word, by) in &said.words {
        signer_found |= by.as_ref().is_some_and(|by| {
            by.key == signer.key.to_string()
                && by.primary == signer.primary.to_string()
                && by.at == signer.signed_at
        });
        if *word == Word::Good {
            continue;
        }
        let excuse = classes.iter().find(|class| {
            class.facts().excuses.is_some_and(|(excused, told_by)| {
                excused == *word && told_by.is_none_or(|rule| ours.rules.contains(&rule))
            })
        });
        match excuse {
            Some(class) => used.push(*class),
            None => return fail(format!("we pass where gpg says {word}")),
        }
    }
    used.sort_unstable();
    used.dedup();
    let hidden = used.iter().any(|class| class.facts().hides_signer);
    if !signer_found && !hidden {
        fail("we name a signer that gpg does not".to_owned())
    } else if used.is_empty() {
        Ok(Relation::BothPass)
    } else {
        Ok(Relation::Excused(used))
    }
}

/// The classes that explain why we refuse: one for each refusing rule.
fn explain_refusal(classes: &[Class], ours: &Ours) -> Result<Vec<Class>, String> {
    let mut used = Vec::new();
    for rule in ours.rules.iter().take(ours.refusing) {
        let class = classes
            .iter()
            .find(|class| class.facts().refuses.contains(rule))
            .ok_or_else(|| format!("we refuse by {rule} what gpg calls good"))?;
        used.push(*class);
    }
    used.sort_unstable();
    used.dedup();
    Ok(used)
}

/// Both answers on every row, in order. Rows with the same KEYS share a folder.
fn judge_all(table: &Table) -> Vec<(Said, Ours)> {
    let rows: Vec<&Row> = table.rows().collect();
    let mut by_keys: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        by_keys.entry(&row.keys).or_default().push(index);
    }
    let groups: Vec<_> = by_keys.into_iter().collect();
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((keys, indices)) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let home = Home::with(keys);
                    for index in indices {
                        let row = rows[*index];
                        let answer = (home.judge(row), Ours::judge(row));
                        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                        answers.insert(*index, answer);
                    }
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(answers.len(), rows.len());
    answers.into_values().collect()
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a test that skips says why")]
fn documents_every_verdict_stands_beside_that_of_gpg() {
    let Ok(version) = Command::new("gpg").arg("--version").output() else {
        println!("skipped: there is no gpg to compare with");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.lines().next().unwrap_or_default();
    if version != VERSION {
        println!("skipped: the page is about {VERSION}, and this is {version}");
        return;
    }
    let table = cases::all();
    let answers = judge_all(&table);
    let mut failures = Vec::new();
    let mut judged = Vec::new();
    for (row, (said, ours)) in table.rows().zip(&answers) {
        match relate(&row.classes, said, ours) {
            Ok(relation) => judged.push((said, ours, relation)),
            Err(why) => failures.push(format!("{}: {why}", row.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(judged.len() >= LEAST, "only {} combinations", judged.len());
    for Facts { class, .. } in &TABLE {
        let used = judged.iter().any(|(.., relation)| relation.uses(*class));
        assert!(used, "{class:?} explains nothing");
    }
    crate::documents::agree("docs/openpgp-against-gpg.md", &page::page(&table, &judged));
}

/// What gpg and we would say of a row, to try the comparison itself.
fn answers(words: &[Word], passes: bool, rules: &[&'static str]) -> (Said, Ours) {
    let key = "A".repeat(40);
    let by = By {
        key: key.clone(),
        primary: key.clone(),
        at: 7,
    };
    let words = words.iter().map(|word| (*word, Some(by.clone()))).collect();
    let primary: Fingerprint = key.parse().expect("a fingerprint");
    let signer = Signer {
        key: primary.clone(),
        primary,
        user_id: None,
        signed_at: 7,
        expires: None,
    };
    let said = Said {
        words,
        exits_0: true,
    };
    let ours = Ours {
        signer: passes.then_some(signer),
        refusing: if passes { 0 } else { rules.len() },
        rules: rules.to_vec(),
    };
    (said, ours)
}

/// Classes, gpg's words, whether we pass, our rules, and how that relates.
type Case<'a> = (
    &'a [Class],
    &'a [Word],
    bool,
    &'a [&'static str],
    Option<Relation>,
);

#[test]
fn a_difference_needs_a_reason_that_fits() {
    use Class::{Armor, ExpiredSince, NotRead, RevokedSince, Stranger, WeakDigest};
    use Word::{Bad, ExpiredKey, Good, NoKey, RevokedKey};
    let weak = ["signature-weak"];
    let since = ["key-expired-since"];
    let noted = ["signature-of-stranger"];
    let stricter = |class| Some(Relation::Stricter(vec![class]));
    let excused = |class| Some(Relation::Excused(vec![class]));
    let retired = ["key-revoked-since"];
    let cases: [Case<'_>; 20] = [
        (
            &[RevokedSince],
            &[RevokedKey],
            true,
            &retired,
            excused(RevokedSince),
        ),
        (&[], &[RevokedKey], true, &retired, None),
        (&[], &[Good], true, &[], Some(Relation::BothPass)),
        (
            &[],
            &[Bad],
            false,
            &["signature-bad"],
            Some(Relation::BothRefuse),
        ),
        (
            &[],
            &[],
            false,
            &["signature-unreadable"],
            Some(Relation::BothRefuse),
        ),
        (&[WeakDigest], &[Good], false, &weak, stricter(WeakDigest)),
        (&[WeakDigest], &[Good], true, &[], Some(Relation::BothPass)),
        (&[], &[Good], false, &weak, None),
        (&[Armor], &[Good], false, &weak, None),
        (
            &[WeakDigest],
            &[Good],
            false,
            &["signature-weak", "key-unusable"],
            None,
        ),
        (
            &[ExpiredSince],
            &[ExpiredKey],
            true,
            &since,
            excused(ExpiredSince),
        ),
        (&[ExpiredSince], &[ExpiredKey], true, &[], None),
        (&[ExpiredSince], &[RevokedKey], true, &since, None),
        (&[], &[ExpiredKey], true, &since, None),
        (&[Stranger], &[Good, NoKey], true, &noted, excused(Stranger)),
        (&[Stranger], &[Good, Bad], true, &noted, None),
        (&[WeakDigest], &[Bad], true, &[], None),
        (&[], &[], true, &[], None),
        (&[NotRead], &[Good], true, &[], None),
        (
            &[NotRead],
            &[Word::Unsupported],
            true,
            &[],
            Some(Relation::NotCompared),
        ),
    ];
    for (classes, words, passes, rules, expected) in cases {
        let (said, ours) = answers(words, passes, rules);
        let found = relate(classes, &said, &ours);
        assert_eq!(found.ok(), expected, "{classes:?} {words:?} {rules:?}");
    }
    let (said, mut ours) = answers(&[Good], true, &[]);
    ours.signer.as_mut().expect("a signer").signed_at += 1;
    assert!(
        relate(&[], &said, &ours).is_err(),
        "another time of signing"
    );
}
