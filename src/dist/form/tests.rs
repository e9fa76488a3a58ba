// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn form_of(text: &str) -> Vec<(&'static str, String)> {
    form_fields(&Metadata::parse(text.as_bytes()).unwrap())
}

#[test]
fn all_fields_have_the_keys_of_the_index() {
    let form = form_of(
        "Metadata-Version: 2.5\nName: Apache_Foo.bar\nVersion: 1.0\nPlatform: any\n\
         Supported-Platform: x\nSummary: S\nKeywords: a,b , c\nHome-page: h\nDownload-URL: d\n\
         Author: A\nAuthor-email: ae\nMaintainer: M\nMaintainer-email: me\nLicense: L\n\
         License-Expression: Apache-2.0\nLicense-File: LICENSE\nLicense-File: NOTICE\n\
         Classifier: one\nClassifier: two\nRequires-Dist: r\nRequires-Python: >=3\n\
         Requires-External: re\nProject-URL: Home,https://example.org/a,b\nProvides-Extra: e\n\
         Provides-Dist: pd\nObsoletes-Dist: od\nRequires: rq\nProvides: pr\nObsoletes: ob\n\
         Dynamic: summary\nImport-Name: foo\nImport-Namespace: ns\n\
         Description-Content-Type: text/plain\nX-Unknown: no\n\nThe body\n",
    );
    let expected = [
        ("metadata_version", "2.5"),
        ("name", "Apache-Foo.bar"),
        ("version", "1.0"),
        ("platform", "any"),
        ("supported_platform", "x"),
        ("summary", "S"),
        ("keywords", "a, b, c"),
        ("home_page", "h"),
        ("download_url", "d"),
        ("author", "A"),
        ("author_email", "ae"),
        ("maintainer", "M"),
        ("maintainer_email", "me"),
        ("license", "L"),
        ("license_expression", "Apache-2.0"),
        ("license_file", "LICENSE"),
        ("license_file", "NOTICE"),
        ("classifiers", "one"),
        ("classifiers", "two"),
        ("requires_dist", "r"),
        ("requires_python", ">=3"),
        ("requires_external", "re"),
        ("project_urls", "Home, https://example.org/a,b"),
        ("provides_extra", "e"),
        ("provides_dist", "pd"),
        ("obsoletes_dist", "od"),
        ("requires", "rq"),
        ("provides", "pr"),
        ("obsoletes", "ob"),
        ("dynamic", "summary"),
        ("import_name", "foo"),
        ("import_namespace", "ns"),
        ("description_content_type", "text/plain"),
        ("description", "The body\n"),
    ];
    assert_eq!(form, expected.map(|(key, value)| (key, value.to_owned())));
}

#[test]
fn a_field_newer_than_its_metadata_version_is_left_out() {
    let since = [
        ("2.5", "Import-Name", "import_name"),
        ("2.5", "Import-Namespace", "import_namespace"),
        ("2.4", "License-File", "license_file"),
        ("2.4", "License-Expression", "license_expression"),
        ("2.2", "Dynamic", "dynamic"),
        ("2.1", "Provides-Extra", "provides_extra"),
        (
            "2.1",
            "Description-Content-Type",
            "description_content_type",
        ),
        ("1.2", "Project-URL", "project_urls"),
        ("1.1", "Classifier", "classifiers"),
    ];
    for (first, header, key) in since {
        for version in ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"] {
            let form = form_of(&format!(
                "Metadata-Version: {version}\nName: a\nVersion: 1\n{header}: value\n"
            ));
            let sent = form.iter().any(|(sent, _)| *sent == key);
            assert_eq!(sent, version >= first, "{header} in {version}");
        }
    }
}

#[test]
fn nothing_is_not_sent() {
    let form = form_of(
        "Metadata-Version: 2.1\nName: a\nVersion: 1\nPlatform: UNKNOWN\nAuthor: UNKNOWN\n\
         Summary:\nKeywords: \n\n\n",
    );
    assert_eq!(form.len(), 3, "{form:?}");
}
