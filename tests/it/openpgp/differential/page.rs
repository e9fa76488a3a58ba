// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The page that lists every combination with both verdicts. Nothing in it
//! changes from run to run: no key id, no time.

use std::fmt::Write as _;

use super::class::{Class, TABLE};
use super::judges::{Ours, Said};
use super::{Relation, Section, Table};

type Judged<'a> = (&'a Said, &'a Ours, Relation);

pub(super) fn page(table: &Table, judged: &[Judged<'_>]) -> String {
    let mut text = head(judged);
    text += &reasons(judged);
    let mut rest = judged.iter();
    for section in &table.0 {
        text += &one(section, &mut rest);
    }
    text
}

fn count(judged: &[Judged<'_>], which: impl Fn(&Relation) -> bool) -> usize {
    judged.iter().filter(|(.., it)| which(it)).count()
}

fn head(judged: &[Judged<'_>]) -> String {
    let pass = count(judged, |it| *it == Relation::BothPass);
    let refuse = count(judged, |it| *it == Relation::BothRefuse);
    let strict = count(judged, |it| matches!(it, Relation::Stricter(_)));
    let excused = count(judged, |it| matches!(it, Relation::Excused(_)));
    let apart = count(judged, |it| *it == Relation::NotCompared);
    let silent = judged
        .iter()
        .filter(|(said, ours, _)| said.exits_0 && !said.all_good() && ours.signer.is_none())
        .count();
    format!(
        "# Our verdicts beside those of gpg\n\n\
         Each row is a KEYS, an `.asc` and a file that a test made, most of them with gpg 2.2.40 of\n\
         Debian 12, the rest with a maker of our own. gpg imports KEYS into an empty folder and\n\
         verifies; this program judges the same bytes at the same time. The test fails where a\n\
         difference has no reason in the list below, and where this page is not what it found\n\
         (`UPDATE_DOCS=1 cargo test documents` writes it anew).\n\n\
         | | rows |\n|---|---|\n\
         | gpg calls it good and it passes | {pass} |\n\
         | gpg does not call it good and it is refused | {refuse} |\n\
         | gpg calls it good and it is refused: stricter | {strict} |\n\
         | gpg does not call all of it good and it passes | {excused} |\n\
         | not compared | {apart} |\n\
         | all | {} |\n\n\
         `GOODSIG` and the others are gpg's status words, one a signature, in the order in which it\n\
         reads them; it stops at a signature that is bad. *nothing* means that it found none to judge.\n\
         Its exit status is no verdict: *exits 0* marks where it is 0 beside a word that is not\n\
         `GOODSIG`, and {silent} of these are refused here. Where both pass, they also name the same key,\n\
         the same primary key and the same time of signing. The rules that this program names are in\n\
         [rules.md](rules.md).\n\n",
        judged.len()
    )
}

fn reasons(judged: &[Judged<'_>]) -> String {
    let mut text = "## Reasons for a difference\n\n\
         | reason | rows | refused by, or told by | why |\n|---|---|---|---|\n"
        .to_owned();
    for facts in &TABLE {
        let rows = count(judged, |it| it.uses(facts.class));
        let told_by = facts.excuses.and_then(|(_, rule)| rule);
        let rules: Vec<_> = facts.refuses.iter().copied().chain(told_by).collect();
        let _ = writeln!(
            text,
            "| {} | {rows} | {} | {} |",
            facts.id,
            rules.join(", "),
            facts.reason
        );
    }
    text + "\n"
}

fn one<'a>(section: &Section, rest: &mut impl Iterator<Item = &'a Judged<'a>>) -> String {
    let mut text = format!(
        "## {}\n\n{}\n\n| case | gpg | this program | |\n|---|---|---|---|\n",
        section.title, section.about
    );
    for (row, (said, ours, relation)) in section.rows.iter().zip(rest) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            row.name,
            gpg_says(said),
            we_say(ours),
            shown(relation)
        );
    }
    text + "\n"
}

fn gpg_says(said: &Said) -> String {
    let words: Vec<_> = said
        .words
        .iter()
        .map(|(word, _)| word.to_string())
        .collect();
    let words = if words.is_empty() {
        "*nothing*".to_owned()
    } else {
        words.join(", ")
    };
    if said.exits_0 && !said.all_good() {
        words + " (*exits 0*)"
    } else {
        words
    }
}

fn we_say(ours: &Ours) -> String {
    let verdict = if ours.signer.is_some() {
        "passes"
    } else {
        "refuses"
    };
    if ours.rules.is_empty() {
        verdict.to_owned()
    } else {
        format!("{verdict}: {}", ours.rules.join(", "))
    }
}

fn shown(relation: &Relation) -> String {
    let ids = |classes: &[Class]| {
        let ids: Vec<_> = classes.iter().map(|class| class.facts().id).collect();
        ids.join(", ")
    };
    match relation {
        Relation::BothPass | Relation::BothRefuse => String::new(),
        Relation::Stricter(classes) => format!("stricter: {}", ids(classes)),
        Relation::Excused(classes) => format!("passes all the same: {}", ids(classes)),
        Relation::NotCompared => "not compared".to_owned(),
    }
}
