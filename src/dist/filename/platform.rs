// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The platform tags of wheels that PyPI takes.
//!
//! A copy of the index's own allow-list, as of 2026: an index refuses a wheel
//! for `linux_x86_64`, and it is better to hear it before anything is sent.

const PLAIN: &[&str] = &[
    "any",
    "win32",
    "win_amd64",
    "win_arm64",
    "win_ia64",
    "manylinux1_x86_64",
    "manylinux1_i686",
    "manylinux2010_x86_64",
    "manylinux2010_i686",
    "manylinux2014_x86_64",
    "manylinux2014_i686",
    "manylinux2014_aarch64",
    "manylinux2014_armv7l",
    "manylinux2014_ppc64",
    "manylinux2014_ppc64le",
    "manylinux2014_s390x",
    "linux_armv6l",
    "linux_armv7l",
];
const LINUX: &[&str] = &[
    "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64",
];
const MACOS: &[&str] = &[
    "ppc",
    "ppc64",
    "i386",
    "x86_64",
    "arm64",
    "intel",
    "fat",
    "fat3",
    "fat64",
    "universal",
    "universal2",
];
/// Since version 11 a tag names the major version alone, with a minor one of 0.
const MACOS_MAJORS: &[&str] = &["11", "12", "13", "14", "15", "26"];
const IOS: &[&str] = &[
    "arm64_iphoneos",
    "arm64_iphonesimulator",
    "x86_64_iphoneos",
    "x86_64_iphonesimulator",
];
const ANDROID: &[&str] = &["armeabi_v7a", "arm64_v8a", "x86", "x86_64"];

/// Whether the index takes a wheel for this one platform tag.
pub(super) fn is_allowed(tag: &str) -> bool {
    if PLAIN.contains(&tag) {
        return true;
    }
    let Some((system, rest)) = tag.split_once('_') else {
        return false;
    };
    let Some((first, rest)) = number(rest) else {
        return false;
    };
    if system == "android" {
        return ANDROID.contains(&rest);
    }
    let Some((second, arch)) = number(rest) else {
        return false;
    };
    match system {
        "manylinux" => arch == "ppc64" || LINUX.contains(&arch),
        "musllinux" => LINUX.contains(&arch),
        "macosx" => {
            let version = first == "10" || (MACOS_MAJORS.contains(&first) && second == "0");
            version && MACOS.contains(&arch)
        }
        "ios" => IOS.contains(&arch),
        "pyemscripten" => arch == "wasm32",
        _ => false,
    }
}

/// The number before the next underscore, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = text.split_once('_')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((number, rest))
}
