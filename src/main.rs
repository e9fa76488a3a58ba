// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The process: everything else is the library's.

use std::process::ExitCode;

use asf_pypi_publish::context::Context;

fn main() -> ExitCode {
    asf_pypi_publish::main(&Context::from_process())
}
