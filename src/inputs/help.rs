// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What `--help` prints: the table of inputs as flags.

use std::fmt::Write as _;

use super::TABLE;

pub(super) fn text() -> String {
    let mut text = String::from(
        "Verifies an Apache release and publishes exactly its bytes on a Python package index.\n\n\
         Usage: asf-pypi-publish MODE --source URL [--FLAG VALUE ...]\n       \
         asf-pypi-publish check-receipt FILE --repository OWNER/NAME --workflow FILE --source URL\n       \
         asf-pypi-publish doctor\n       \
         asf-pypi-publish migrate FILE\n\n\
         MODE is `verify`, `publish` or `check`. Without arguments, the same values are read from INPUT_*.\n\
         `check` holds what the index serves against the release; `check-receipt` a receipt against the source.\n\
         `doctor` looks, in a checkout, at what would fail on the day of a release.\n\
         `migrate` turns a release-config of airflow-publish into a file for --config.\n\n",
    );
    for row in TABLE.iter().skip(1) {
        let default = row
            .default
            .map_or("required".to_owned(), |word| format!("default: {word}"));
        let _ = writeln!(text, "  --{:<18} {} [{default}]", row.name, row.meaning);
    }
    text.push_str("\nExit status: 0 done; 1 refused; 2 wrong inputs; 3 something outside failed, run again.\n");
    text
}
