// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Stand-ins and drivers of real servers for the tests of `asf-pypi-publish`.

pub mod gpg;
pub mod httpd;
pub mod proxy;
pub mod scripted;
