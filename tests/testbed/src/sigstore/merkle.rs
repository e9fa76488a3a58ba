// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The log's tree (RFC 6962, section 2.1): the root and a leaf's proof by the
//! definition, and what root a proof leads to by the algorithm for verifiers
//! (RFC 9162, section 2.1.3.2), so that one checks the other.

use super::key::sha256;

/// A hash of the tree.
pub(crate) type Node = [u8; 32];

/// The hash of a leaf with these contents.
pub(crate) fn leaf(contents: &[u8]) -> Node {
    sha256(&[&[0], contents].concat())
}

fn parent(left: &Node, right: &Node) -> Node {
    sha256(&[&[1][..], left, right].concat())
}

/// The root over these leaves.
pub(crate) fn root(leaves: &[Node]) -> Node {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            parent(&root(left), &root(right))
        }
    }
}

/// The proof that the leaf at `index` is among these, from below.
pub(crate) fn proof(index: usize, leaves: &[Node]) -> Vec<Node> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, other) = if index < at {
        (proof(index, left), root(right))
    } else {
        (proof(index - at, right), root(left))
    };
    path.push(other);
    path
}

/// The biggest power of two below `count`, which is at least two.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

/// The root that a proof leads to; none if it has not the length that the place
/// of the leaf demands.
pub(crate) fn root_of_proof(leaf: Node, index: u64, size: u64, path: &[Node]) -> Option<Node> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for other in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = parent(other, &hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            hash = parent(&hash, other);
        }
        (at, last) = (at / 2, last / 2);
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::{leaf, proof, root, root_of_proof};

    #[test]
    fn every_proof_in_every_small_tree_leads_to_its_root_and_to_no_other() {
        let leaves: Vec<_> = (0..40_u8).map(|number| leaf(&[number])).collect();
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            for index in 0..size {
                let path = proof(index, tree);
                let led = |index: usize, path| {
                    root_of_proof(tree[index], index as u64, size as u64, path)
                };
                assert_eq!(led(index, &path), Some(root(tree)), "{index} of {size}");
                let other = (index + 1) % size;
                if other != index {
                    assert_ne!(led(other, &path), Some(root(tree)), "{other} of {size}");
                    assert_eq!(led(index, &path[1..]), None, "a short proof of {size}");
                }
            }
        }
    }

    #[test]
    fn the_empty_tree_and_its_first_leaf_hash_as_rfc_6962_says() {
        let hex = |node: [u8; 32]| hex::encode(node);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(root(&[])), empty);
        // The empty leaf of the test vectors of Certificate Transparency.
        let first = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(root(&[leaf(&[])])), first);
    }
}
