// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn entry(path: &str, size: u64) -> Entry {
    Entry {
        path: path.to_owned(),
        size,
        sha1: Some([0; 20]),
        ..Entry::default()
    }
}

fn sizes(groups: &[Vec<Wanted<'_>>]) -> Vec<u64> {
    let of_group = |group: &Vec<Wanted<'_>>| group.iter().map(|wanted| wanted.entry.size).sum();
    groups.iter().map(of_group).collect()
}

fn groups(entries: &[Entry], in_memory: bool) -> Vec<Vec<Wanted<'_>>> {
    let group = |entry| vec![Wanted { entry, in_memory }];
    entries.iter().map(group).collect()
}

#[test]
fn only_what_is_small_and_can_be_proved_comes_together() {
    let mut odd = entry("odd", 1);
    odd.sha1 = None;
    let mut link = entry("link", 1);
    link.special = Some("link");
    let large = entry("large", TOGETHER_FILE_LIMIT + 1);
    let all = [odd, link, large, entry("small", TOGETHER_FILE_LIMIT)];
    assert_eq!(sizes(&choose(&groups(&all, false))), [TOGETHER_FILE_LIMIT]);

    let many: Vec<Entry> = (0..300).map(|_| entry("file", 1 << 20)).collect();
    let on_disk = choose(&groups(&many, false));
    assert_eq!(on_disk.len() as u64, TOGETHER_LIMIT >> 20);
    let in_memory = choose(&groups(&many, true));
    assert_eq!(in_memory.len() as u64, MEMORY_LIMIT >> 20);
}

#[test]
fn loads_are_even_and_neither_too_small_nor_too_large() {
    const MIB: u64 = 1 << 20;
    for (files, size, count, most) in [
        (5, 10, 1, 50),
        (4, MIB / 2, 2, MIB),
        (8, MIB, 4, 2 * MIB),
        (57, MIB / 4, 4, 4 * MIB),
        (200, MIB, 13, 16 * MIB),
        (5, 0, 1, 0),
    ] {
        let all: Vec<Entry> = (0..files).map(|_| entry("file", size)).collect();
        let groups = groups(&all, false);
        let loads = divide(&groups);
        assert_eq!(loads.len(), count, "{files} of {size}");
        let largest = loads.iter().map(|load| sizes(load).iter().sum::<u64>());
        assert!(largest.max() <= Some(most), "{files} of {size}");
        assert_eq!(loads.concat().len(), all.len());
    }
    assert!(divide(&[]).is_empty());
}
