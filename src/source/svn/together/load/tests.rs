// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use proptest::prelude::*;

use super::*;
use crate::source::Entry;
use crate::source::svndiff::tests::encode;

const NAMES: [&str; 3] = ["a.asc", "b.whl", "c.sha512"];

fn report(files: &[Vec<u8>; 3]) -> Vec<u8> {
    let all: Vec<String> = NAMES
        .iter()
        .zip(files)
        .map(|(name, bytes)| {
            format!(
                "<S:add-file name=\"{name}\" sha1-checksum=\"{}\"><S:txdelta>{}</S:txdelta>\
                 <S:prop><V:md5-checksum>{}</V:md5-checksum></S:prop></S:add-file>",
                hex::encode(Sha1::digest(bytes)),
                STANDARD.encode(encode(bytes)),
                hex::encode(Md5::digest(bytes)),
            )
        })
        .collect();
    let all = all.concat();
    format!(
        "<S:update-report xmlns:S=\"svn:\" send-all=\"true\" \
         xmlns:V=\"http://subversion.tigris.org/xmlns/dav/\"><S:target-revision rev=\"3\"/>\
         <S:open-directory>{all}</S:open-directory></S:update-report>"
    )
    .into_bytes()
}

/// What arrives of an answer where these files were asked for.
fn arrive(answer: &[u8], files: &[Vec<u8>; 3], part: usize) -> (Outcome, [Option<Vec<u8>>; 3]) {
    let temp = tempfile::tempdir().unwrap();
    let mut load = Load::new(temp.path());
    let mut waiting = Vec::new();
    for (name, bytes) in NAMES.iter().zip(files) {
        let entry = Entry {
            path: (*name).to_owned(),
            size: bytes.len() as u64,
            sha1: Some(Sha1::digest(bytes).into()),
            ..Entry::default()
        };
        let (sender, receiver) = oneshot::channel();
        let wanted = Wanted {
            entry: &entry,
            in_memory: *name != "b.whl",
        };
        load.add(wanted, sender);
        waiting.push(receiver);
    }
    let parts: Vec<Bytes> = answer.chunks(part).map(Bytes::copy_from_slice).collect();
    let (sender, receiver) = mpsc::channel(parts.len().max(1));
    for part in parts {
        sender.try_send(part).unwrap();
    }
    drop(sender);
    let outcome = load.read(receiver, 3);
    let arrived = waiting.into_iter().map(|mut receiver| {
        Some(match receiver.try_recv().ok()? {
            Arrived::Bytes(bytes) => bytes,
            Arrived::Copy(copy) => {
                let mut bytes = Vec::new();
                copy.reader().read_to_end(&mut bytes).unwrap();
                bytes
            }
        })
    });
    let arrived: Vec<_> = arrived.collect();
    (outcome, arrived.try_into().unwrap())
}

#[test]
fn files_arrive_as_they_were_listed() {
    let files = [b"signature".to_vec(), vec![7; 300_000], Vec::new()];
    let answer = report(&files);
    for part in [1000, 1 << 20] {
        let (outcome, arrived) = arrive(&answer, &files, part);
        assert_eq!(outcome.broken, None);
        assert_eq!(outcome.arrived, 3);
        assert!(arrived == files.clone().map(Some));
    }
    // What was whole before the answer broke off stays.
    let (outcome, arrived) = arrive(&answer[..answer.len() - 300], &files, 1000);
    assert!(outcome.broken.is_some());
    assert!(arrived[0].is_some() && arrived[2].is_none());
}

#[test]
fn other_bytes_end_the_reading() {
    let files = [b"one".to_vec(), b"two".to_vec(), b"six".to_vec()];
    let mut listed = files.clone();
    listed[1] = b"TWO".to_vec();
    let (outcome, arrived) = arrive(&report(&files), &listed, 99);
    assert!(outcome.broken.unwrap().contains("SHA-1"));
    assert_eq!(arrived, [Some(b"one".to_vec()), None, None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_damage_lets_other_bytes_arrive(
        one in proptest::collection::vec(any::<u8>(), 0..200),
        two in proptest::collection::vec(any::<u8>(), 0..400),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<Option<prop::sample::Index>>(),
        part in 1_usize..300,
    ) {
        let files = [one, two, b"three".to_vec()];
        let mut answer = report(&files);
        for (place, byte) in damage {
            let place = place.index(answer.len());
            answer[place] = byte;
        }
        if let Some(cut) = cut {
            answer.truncate(cut.index(answer.len()));
        }
        let (_, arrived) = arrive(&answer, &files, part);
        for (arrived, file) in arrived.into_iter().zip(files) {
            prop_assert!(arrived.is_none_or(|bytes| bytes == file));
        }
    }
}
