// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The text of `entry_points.txt`, as Python's `configparser` reads it.

/// Whether it is sections of `name = value`, and scripts have the names of
/// programs.
pub(super) fn are_valid(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let mut section: Option<&str> = None;
    let mut seen = Vec::new();
    let mut option_open = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if option_open && line.starts_with([' ', '\t']) {
            // The value goes on.
            continue;
        }
        let header = trimmed
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        if let Some(name) = header {
            if name.is_empty() || seen.contains(&(name, None)) {
                return false;
            }
            seen.push((name, None));
            (section, option_open) = (Some(name), false);
            continue;
        }
        let Some((name, _)) = trimmed.split_once('=') else {
            return false;
        };
        let (name, Some(section)) = (name.trim(), section) else {
            return false;
        };
        let scripts = matches!(section, "console_scripts" | "gui_scripts");
        let legal = |letter: char| letter.is_alphanumeric() || "_.-".contains(letter);
        if name.is_empty()
            || seen.contains(&(section, Some(name)))
            || (scripts && !name.chars().all(legal))
        {
            return false;
        }
        seen.push((section, Some(name)));
        option_open = true;
    }
    true
}
