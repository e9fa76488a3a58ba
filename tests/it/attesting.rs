// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations: the stand-in of Sigstore before the index's own tools, and what
//! the product makes before both.

pub(crate) mod judges;
mod public;
mod signing;
mod stand_in;
mod verifying;
