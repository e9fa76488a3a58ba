// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Python distributions: what their names say, and what their metadata says.

mod archive;
pub mod contents;
mod entry_points;
mod fields;
pub mod filename;
pub mod form;
pub mod metadata;
