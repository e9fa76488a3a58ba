// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The job whose page decides, and the job that publishes what it shows: that
//! they are of one release, by the same rules and code, and that the first one
//! sends nothing.

use super::at;
use super::expression::sole;
use super::permissions::has_id_token;
use super::printer::printer;
use super::workflow::{Job, Step, Workflow};
use crate::endpoints::{ASF_ARCHIVE_HOST, ASF_DIST_HOST, ASF_DIST_ROOT, ASF_DOWNLOADS_HOST};
use crate::rules::{Finding, Rule, Severity};

/// The inputs that say which release it is, and what it is held to.
const ALIKE: [&str; 12] = [
    "source", "area", "config", "release", "keys", "signers", "projects", "version", "require",
    "include", "exclude", "waive",
];

/// The inputs that say where it goes.
const OF_INDEX: [&str; 2] = ["index", "upload-url"];

/// Which inputs two steps are not given alike that say which release it is, by
/// which rules, and to which index it goes.
pub(super) fn differing(one: &Step, other: &Step) -> impl Iterator<Item = &'static str> {
    let all = ALIKE.iter().chain(&OF_INDEX).copied();
    all.filter(|name| one.given(name) != other.given(name))
}

/// Which inputs the two steps are not given alike; what does not ask the index
/// needs none.
pub(super) fn differences(workflow: &Workflow, step: &Step, printer: &Step) -> Option<Finding> {
    let asks = printer.given("mode") == Some("publish");
    let inputs = differing(step, printer).filter(|name| asks || !OF_INDEX.contains(name));
    let code = |step: &Step| step.uses.as_ref().map(|uses| uses.text.clone());
    let uses = (code(step) != code(printer)).then_some("uses");
    let names: Vec<String> = inputs.chain(uses).map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| {
        let path = at(workflow, step.place);
        let expected = format!(
            "the same release, by the same rules and code, as at {}",
            at(workflow, printer.place)
        );
        let found = format!("another value of {}", names.join(", "));
        Finding::new(Rule::HandoverDiffers, Some(&path), expected, found)
    })
}

/// Whether the source lies on a host of the ASF that has no revisions.
fn has_no_revisions(source: &str) -> bool {
    let rest = source.strip_prefix("https://").unwrap_or_default();
    let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
    [ASF_DOWNLOADS_HOST, ASF_ARCHIVE_HOST].contains(&host.to_ascii_lowercase().as_str())
}

/// Whether both jobs read the same tree; `from` is the job that printed the
/// digest.
pub(super) fn revision(
    workflow: &Workflow,
    step: &Step,
    from: &str,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Option<Finding> {
    let with = step.with.iter().find(|it| it.name.text == "revision");
    let value = with.and_then(|with| with.value.as_deref());
    let path = at(workflow, with.map_or(step.place, |it| it.name.place));
    let source = step.given("source").unwrap_or_default();
    if has_no_revisions(source) {
        let found = format!("`{}`, of a source that has no revisions", value?.trim());
        let expected = "no `revision`";
        return Some(Finding::new(
            Rule::HandoverBroken,
            Some(&path),
            expected,
            found,
        ));
    }
    let name = value.and_then(sole).unwrap_or_default();
    let parts: Vec<&str> = name.iter().map(String::as_str).collect();
    let expected = "`revision` from that step too, so that both jobs read the same tree";
    let finding = |found: String| Finding::new(Rule::DigestUnbound, Some(&path), expected, found);
    let ["needs", same, "outputs", output] = *parts.as_slice() else {
        let found = value.map_or("the digest alone".to_owned(), |it| {
            format!("`{}`", it.trim())
        });
        let mut finding = finding(found);
        finding.severity = Severity::Note;
        return Some(finding);
    };
    if same != from {
        return Some(finding(format!("`{}`, of another job", name.join("."))));
    }
    let mut jobs = workflow.jobs.iter();
    let other = jobs.find(|it| it.id.text.eq_ignore_ascii_case(from))?;
    if printer(other, output, "revision", is_ours).is_some() {
        return None;
    }
    // An output that is not there is told already.
    let mut outputs = other.outputs.iter();
    let output = outputs.find(|it| it.name.eq_ignore_ascii_case(output))?;
    let held = output.value.as_deref().unwrap_or_default().trim();
    Some(finding(format!("`{}`, which is `{held}`", name.join("."))))
}

/// The job whose page decides takes whatever it finds: in the release area the
/// vote has named a digest already.
pub(super) fn takes_any(workflow: &Workflow, printer: &Step) -> Option<Finding> {
    let is_any = matches!(
        printer.given("expected-digest"),
        None | Some("any" | "none")
    );
    let dev = format!("{ASF_DIST_HOST}{ASF_DIST_ROOT}/dev/");
    let source = printer.given("source");
    let is_candidate = source.is_some_and(|it| it.contains(&dev));
    (is_any && !is_candidate).then(|| {
        let path = at(workflow, printer.place);
        let expected =
            "`expected-digest` from an input here, where the reviewer sees whether it holds";
        let found = "whatever comes out, which the reviewer alone compares with the vote";
        let mut finding = Finding::new(Rule::DigestUnbound, Some(&path), expected, found);
        finding.severity = Severity::Note;
        finding
    })
}

/// A job whose digest another one takes, and which would send something
/// itself: the one line that makes a rehearsal of it is missing, or known only
/// on the day. Without it the job lacks every right, and should not get one.
pub(super) fn not_dry(workflow: &Workflow, job: &Job, ours: &[&Step]) -> Option<Finding> {
    if has_id_token(workflow, job) {
        return None;
    }
    let step = ours.iter().find(|it| it.given("mode") == Some("publish"))?;
    let with = step.with.iter().find(|it| it.name.text == "dry-run");
    let path = at(workflow, with.map_or(step.place, |it| it.name.place));
    let expected = "`dry-run`: `true`, written out, where another job takes the digest";
    let found = with.map_or("none".to_owned(), |it| {
        format!("`{}`", it.value.as_deref().unwrap_or_default().trim())
    });
    let rule = Rule::WorkflowInput;
    Some(Finding::new(rule, Some(&path), expected, found).advise(
        "Write `dry-run: true` into the job that has no rights; what else is said of that job is then settled.",
    ))
}
