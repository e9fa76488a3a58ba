// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The plain files, and the forms in which `mod_autoindex` lists them.

use std::path::Path;

/// The forms of `mod_autoindex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// A list of links and nothing else.
    List,
    /// Preformatted text with dates and sizes, names cut and linked twice.
    Fancy,
    /// A table, with the project's own text around it.
    Table,
}

impl Listing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::List, Self::Fancy, Self::Table];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Fancy => "fancy",
            Self::Table => "table",
        }
    }
}

/// The same folder once for each form.
pub(super) fn configuration(folder: &Path) -> String {
    let dir = folder.display();
    format!(
        r#"AddType text/html .html
AddIcon /icons/a.gif .whl .gz .asc .sha512
AliasMatch "^/(?:plain|list|fancy|table)(/.*)?$" "{dir}/plain$1"
<Directory "{dir}/plain">
  Options +Indexes
  IndexIgnore HEADER.html
  HeaderName HEADER.html
  Require all granted
</Directory>
<Location "/plain">
  IndexOptions FancyIndexing NameWidth=*
</Location>
<Location "/fancy">
  IndexOptions FancyIndexing IconsAreLinks
</Location>
<Location "/table">
  IndexOptions FancyIndexing HTMLTable
</Location>
"#
    )
}
