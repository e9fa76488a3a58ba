// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The generator: what is combined with what. Each file makes the rows of one
//! question; keys and signatures are gpg's own wherever it can make them.

mod encodings;
mod keys_file;
mod kinds;
mod revocations;
mod subkeys;
mod tampering;
mod times;

use super::super::{DATA, DAY, MADE, NOW, SIGNED};
use super::Table;
use super::maker::Maker;

/// All rows, in the order of the page.
pub(super) fn all() -> Table {
    let maker = Maker::new();
    let mut table = Table::default();
    kinds::add(&mut table, &maker);
    subkeys::add(&mut table, &maker);
    times::add(&mut table, &maker);
    revocations::add(&mut table, &maker);
    encodings::add(&mut table, &maker);
    tampering::add(&mut table, &maker);
    keys_file::add(&mut table, &maker);
    table
}
