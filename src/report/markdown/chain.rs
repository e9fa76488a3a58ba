// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The chain of custody as a Mermaid diagram, which GitHub draws in summaries.
//!
//! Two rows of four steps, since one of eight is too small to read. Each colour
//! is readable on a light page and on a dark one, and each has a mark beside it.

use std::fmt::Write as _;

use crate::report::chain::{Link, Standing, Step, chain};
use crate::report::escape::mermaid;
use crate::report::{Report, text};

/// How much of a detail a box has room for, in characters.
const DETAIL: usize = 40;

pub(super) fn write(page: &mut String, report: &Report) {
    let steps = chain(report);
    if steps.is_empty() {
        return;
    }
    page.push_str("\n### Chain of custody\n\n```mermaid\nflowchart TB\n");
    row(
        page,
        "release",
        "What was voted on",
        &steps,
        Link::Area..=Link::Digest,
    );
    row(
        page,
        "publication",
        "How it is published",
        &steps,
        Link::Approval..=Link::Provenance,
    );
    page.push_str("  release ==> publication\n");
    page.push_str(STYLE);
    page.push_str("```\n");
}

/// The colours; white on them has a contrast of 4.5 and more.
const STYLE: &str = "  classDef proven fill:#1a7f37,stroke:#1a7f37,color:#ffffff
  classDef pending fill:#636c76,stroke:#636c76,color:#ffffff
  classDef failed fill:#cf222e,stroke:#cf222e,color:#ffffff
  classDef notAsked fill:#ffffff,stroke:#636c76,color:#1f2328,stroke-dasharray:4 4
  classDef row fill:none,stroke:#8c959f,color:#768390
  class release,publication row
";

fn row(
    page: &mut String,
    name: &str,
    title: &str,
    steps: &[Step],
    links: std::ops::RangeInclusive<Link>,
) {
    let _ = write!(page, "  subgraph {name}[\"{title}\"]\n    direction LR\n");
    let steps = steps.iter().filter(|step| links.contains(&step.link));
    let mut before = None;
    for step in steps {
        let (mark, class) = match step.standing {
            Standing::Proven => ("✓", "proven"),
            Standing::Pending => ("…", "pending"),
            Standing::Failed => ("✗", "failed"),
            Standing::NotAsked => ("–", "notAsked"),
        };
        let id = id(step.link);
        let title = step.link.title();
        let detail = mermaid(&text::cut(&step.detail, DETAIL));
        let _ = writeln!(page, "    {id}[\"{mark} {title}<br>{detail}\"]:::{class}");
        if let Some(before) = before {
            let _ = writeln!(page, "    {before} --> {id}");
        }
        before = Some(id);
    }
    page.push_str("  end\n");
}

/// The name of a step inside the diagram.
const fn id(link: Link) -> &'static str {
    match link {
        Link::Area => "area",
        Link::Keys => "keys",
        Link::Signatures => "signatures",
        Link::Digest => "digest",
        Link::Approval => "approval",
        Link::Token => "token",
        Link::Index => "index",
        Link::Provenance => "provenance",
    }
}
