// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;

#[test]
fn entry_points_that_the_index_takes_are_taken() {
    for text in [
        "",
        "\n# nothing\n; at all\n",
        "[console_scripts]\nfoo = foo:main\nfoo-2.0 = foo:main [extra]\n",
        "[console_scripts]\r\nf\u{f6}o_1=foo:main\r\n\r\n[gui_scripts]\r\n",
        "[pytest11]\na b/c = foo\n",
        "[a]\nx = 1\n    folded\n  # remark\n    again =\ny =\n",
        "  [a]\n  x = 1\n  y = 2\n",
        "[a] behind\nx: y = 1\n",
        "[DEFAULT]\nx = 1\n[DEFAULT]\ny = 2\n",
        "[a]\nx = 1\n[b]\nx = 1\n",
    ] {
        assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn entry_points_that_the_index_refuses_are_refused() {
    let cases: [(&[u8], &str); 11] = [
        (b"[console_scripts]\nf\xF6o = foo\n", "UTF-8"),
        (b"foo = foo:main\n", "no section before line 1"),
        (b"[a]\nfoo\n", "in line 2"),
        (b"[a]\nfoo: bar\n", "in line 2"),
        (b"[a]\n= bar\n", "in line 2"),
        (b"[a]\nx = 1\n[a]\n", "the section a twice, in line 3"),
        (b"[a]\nx = 1\nx = 2\n", "the name x twice, in line 3"),
        (b"[console_scripts]\n../foo = foo:main\n", "../foo"),
        (b"[console_scripts]\na b = foo:main\n", "the name a b"),
        (b"[gui_scripts]\nC:\\foo = foo:main\n", "C:\\foo"),
        (b"[DEFAULT]\na/b = 1\n[console_scripts]\n", "a/b"),
    ];
    for (text, why) in cases {
        let error = check(text).expect_err(why);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn the_same_text_is_refused_for_the_same_name_each_time() {
    let text = "[console_scripts]\n/d = x\n/b = x\n/a = x\n/c = x\n";
    for _ in 0..50 {
        let expected = Err("the name /a in console_scripts".to_owned());
        assert_eq!(check(text.as_bytes()), expected);
    }
}

#[test]
fn a_long_name_is_shown_in_part() {
    let name = "a/".repeat(500_000);
    for text in [
        format!("[console_scripts]\n{name} = x\n"),
        format!("[a]\n{name} = x\n{name} = x\n"),
        format!("[{name}]\n[{name}]\n"),
    ] {
        let error = check(text.as_bytes()).unwrap_err();
        assert!(error.len() < 120 && error.contains("a/a/a/"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        bytes in prop::collection::vec(prop::sample::select(&b"[]=:#; \n\ta\xF6_/"[..]), 0..60),
    ) {
        let _ = check(&bytes);
    }
}
