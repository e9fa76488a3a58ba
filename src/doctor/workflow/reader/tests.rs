// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

#[test]
fn a_workflow_is_read_with_its_places() {
    let text = "on:\n  workflow_dispatch:\n    inputs:\n      a:\n        required: true\n      b:\n        description: x\n      c:\n        default: any\n\
        permissions: {}\nconcurrency: release\njobs:\n  publish:\n    runs-on: [self-hosted, Linux]\n    \
        environment:\n      name: pypi\n    needs: verify\n    permissions:\n      id-token: write\n    steps:\n      \
        - uses: a/b@c # v1.2\n        with:\n          Version: 1.10\n          x: 8\n          y: true\n          z:\n";
    let read = Workflow::read("w.yml", text.as_bytes()).unwrap();
    let declared = |name: &str, may_be_empty, default: Option<&str>| Declared {
        name: name.to_owned(),
        may_be_empty,
        default: default.map(str::to_owned),
    };
    assert_eq!(
        read.triggers[0].inputs,
        [
            declared("a", false, None),
            declared("b", true, None),
            declared("c", false, Some("any"))
        ]
    );
    let top = read.permissions.unwrap();
    assert!(top.all.is_none() && top.scopes.is_empty());
    assert!(read.concurrency.unwrap().cancels.is_none());
    let job = &read.jobs[0];
    assert_eq!(job.environment.as_ref().unwrap().text, "pypi");
    assert_eq!(job.runs_on.len(), 2);
    assert_eq!(job.needs, ["verify"]);
    let granted = job.permissions.as_ref().unwrap();
    assert_eq!(granted.of("id-token"), (true, true));
    assert_eq!(granted.of("actions"), (false, false));
    let step = &job.steps[0];
    let uses = step.uses.as_ref().unwrap();
    assert_eq!(uses.comment.as_deref(), Some("v1.2"));
    assert_eq!((uses.place.line, uses.place.column), (21, 15));
    let with: Vec<_> = step
        .with
        .iter()
        .map(|it| (it.name.text.as_str(), it.value.as_deref(), it.reshaped))
        .collect();
    assert_eq!(
        with,
        [
            ("version", Some("1.10"), true),
            ("x", Some("8"), false),
            ("y", Some("true"), false),
            ("z", Some(""), false)
        ]
    );
}

#[test]
fn the_nearest_variable_is_put_in_and_a_long_one_not_without_end() {
    let text = "env:\n  A: top\n  B: ${{ inputs.b }}\n  N: 1.10\njobs:\n  a:\n    env:\n      A: job\n    steps:\n      \
        - with: {a: '${{ env.A }}', b: '${{ env.B }}/x', n: '${{ env.N }}', c: '${{ env.C }}'}\n      \
        - env: {A: step}\n        with: {a: '${{ env.A }}'}\n";
    let values = |text: &str| {
        let read = Workflow::read("w.yml", text.as_bytes()).unwrap();
        let steps = read.jobs.into_iter().flat_map(|job| job.steps);
        let with = steps.flat_map(|step| step.with);
        with.filter_map(|with| with.value).collect::<Vec<_>>()
    };
    assert_eq!(
        values(text),
        ["job", "${{ inputs.b }}/x", "1.10", "${{ env.C }}", "step"]
    );
    let long = "x".repeat(50_000);
    let text = format!(
        "env: {{A: {long}}}\njobs: {{a: {{steps: [{{with: {{a: '{}'}}}}]}}}}\n",
        "${{ env.A }}".repeat(10_000)
    );
    let all: usize = values(&text).iter().map(String::len).sum();
    assert!(all < 2 * yaml::LIMIT, "{all}");
}

#[test]
fn the_words_for_all_permissions_give_no_identity_token_to_readers() {
    for (word, expected) in [("read-all", (false, false)), ("write-all", (true, true))] {
        let text = format!("permissions: {word}\n");
        let read = Workflow::read("w.yml", text.as_bytes()).unwrap();
        let granted = read.permissions.unwrap();
        assert_eq!(granted.of("id-token"), expected, "{word}");
        assert!(granted.of("contents").0, "{word}");
    }
}

#[test]
fn what_is_hostile_is_refused_and_what_is_odd_is_passed_over() {
    let deep = format!("on: push\njobs: {}{}", "[".repeat(60), "]".repeat(60));
    let mut bomb = vec!["a: &a [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    for (now, before) in ["b", "c", "d", "e", "f", "g"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f"])
    {
        let many = vec![format!("*{before}"); 10].join(", ");
        bomb.push(format!("{now}: &{now} [{many}]"));
    }
    let bomb = bomb.join("\n");
    for bad in ["", "- a", "a: [", &deep, &bomb, "a: 1\na: 2\n"] {
        assert!(Workflow::read("w.yml", bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Workflow::read("w.yml", b"on: \xff").is_err());
    assert!(Workflow::read("w.yml", &vec![b'#'; yaml::LIMIT + 1]).is_err());
    for odd in [
        "jobs: 7",
        "jobs:\n  a: 7\n  b:\n    steps: 7\n",
        "on: 7\npermissions: 7",
    ] {
        assert!(Workflow::read("w.yml", odd.as_bytes()).is_ok(), "{odd}");
    }
    // GitHub takes anchors.
    let text = "x-job: &job\n  runs-on: a\njobs:\n  one: *job\n  two: *job\n";
    assert_eq!(
        Workflow::read("w.yml", text.as_bytes()).unwrap().jobs.len(),
        2
    );
}
