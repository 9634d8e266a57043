//! Seals (封存): signed Merkle roots over transfers, each naming the one before, so that nobody can change, drop or slip in
//! a posting later without another signature. The tree is that of RFC 6962: leaves are hashed with a byte 0 before them,
//! nodes with a byte 1, and the left half is the largest power of two that leaves something to the right.
//!
//! A leaf covers, encoded as [`super::chain`] says: `zhixiang ledger transfer v1` and a zero byte, the transfer's head, the
//! count of legs as u32, and of each leg its number i32, account 16, amount i64, and hash as optional 32. A transfer behind
//! which there are records, as the event that earned it and the service that was verified, says `v2` instead and goes on
//! with their count as u32 and the hash of each ([`super::record`]).
//! What is signed is `zhixiang ledger seal v1` and a zero byte, number i64, previous root as optional 32, root 32, count of
//! transfers i64, and time i64.

use sha2::{Digest, Sha256};

use super::Transfer;
use super::chain::{Encoding, Hash};
use crate::id::AccountId;
use crate::time::Instant;

/// A seal without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its number, from 1, without gaps.
    pub number: i64,
    /// The root of the seal before.
    pub previous_root: Option<Hash>,
    /// The root over its transfers.
    pub root: Hash,
    /// How many transfers it covers.
    pub transfers: i64,
    /// When it was signed, by wall time.
    pub signed_at: Instant,
}

/// A leg as a seal covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedLeg {
    /// Its number within the transfer.
    pub leg: i32,
    /// The account.
    pub account: AccountId,
    /// What comes in or goes out.
    pub amount: i64,
    /// The entry's hash, on a member's account.
    pub hash: Option<Hash>,
}

impl Seal {
    /// What is signed.
    pub fn message(&self) -> Vec<u8> {
        let mut bytes = Encoding(b"zhixiang ledger seal v1\0".to_vec());
        bytes.number(self.number);
        bytes.optional(self.previous_root, |bytes, root| bytes.raw(&root));
        bytes.raw(&self.root);
        bytes.number(self.transfers);
        bytes.time(self.signed_at);
        bytes.0
    }
}

/// The leaf of a transfer, whose legs come in the order of their numbers, with the hashes of the records behind it.
pub fn leaf(transfer: &Transfer, legs: &[SealedLeg], records: &[Hash]) -> Hash {
    let mut bytes = Encoding(vec![0]);
    let version: &[u8; 28] =
        if records.is_empty() { b"zhixiang ledger transfer v1\0" } else { b"zhixiang ledger transfer v2\0" };
    bytes.raw(version);
    bytes.head(transfer);
    bytes.count(legs.len());
    for leg in legs {
        bytes.raw(&leg.leg.to_be_bytes());
        bytes.raw(leg.account.uuid().as_bytes());
        bytes.number(leg.amount);
        bytes.optional(leg.hash, |bytes, hash| bytes.raw(&hash));
    }
    if !records.is_empty() {
        bytes.count(records.len());
        for record in records {
            bytes.raw(record);
        }
    }
    bytes.digest()
}

/// The root over these leaves; none over nothing.
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    match leaves {
        [] => None,
        [leaf] => Some(*leaf),
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            Some(node(root(left)?, root(right)?))
        }
    }
}

/// The hashes beside the way from a leaf up to the root, from the bottom.
pub fn path(leaves: &[Hash], position: usize) -> Option<Vec<Hash>> {
    if leaves.len() <= 1 {
        return (position < leaves.len()).then(Vec::new);
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut path, beside) = match position.checked_sub(left.len()) {
        None => (path(left, position)?, root(right)?),
        Some(position) => (path(right, position)?, root(left)?),
    };
    path.push(beside);
    Some(path)
}

/// The root to which a path leads from the leaf at this position among so many; none if it is no such path.
pub fn root_of_path(leaf: Hash, position: usize, leaves: usize, path: &[Hash]) -> Option<Hash> {
    if leaves <= 1 {
        return (position < leaves && path.is_empty()).then_some(leaf);
    }
    let (beside, path) = path.split_last()?;
    let half = half(leaves);
    match position.checked_sub(half) {
        None => Some(node(root_of_path(leaf, position, half, path)?, *beside)),
        Some(position) => Some(node(*beside, root_of_path(leaf, position, leaves - half, path)?)),
    }
}

fn half(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

fn node(left: Hash, right: Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| [number; 32]).collect()
    }

    #[test]
    fn every_leaf_has_a_path_to_the_root() {
        for count in 1..=17 {
            let leaves = leaves(count);
            let Some(root) = root(&leaves) else { panic!("no root of {count}") };
            for position in 0..leaves.len() {
                let Some(path) = path(&leaves, position) else { panic!("no path from {position} of {count}") };
                assert_eq!(root_of_path(leaves[position], position, leaves.len(), &path), Some(root));
                assert_ne!(root_of_path([99; 32], position, leaves.len(), &path), Some(root), "another leaf");
                if count > 1 {
                    let other = (position + 1) % leaves.len();
                    assert_ne!(root_of_path(leaves[position], other, leaves.len(), &path), Some(root), "another place");
                    assert_eq!(root_of_path(leaves[position], position, leaves.len(), &path[1..]), None, "too short");
                }
            }
        }
    }

    #[test]
    fn nothing_has_no_root_and_one_is_its_own() {
        assert_eq!((root(&[]), path(&[], 0), root_of_path([0; 32], 0, 0, &[])), (None, None, None));
        assert_eq!(root(&leaves(1)), Some([0; 32]));
        assert_eq!(path(&leaves(3), 3), None);
    }

    /// The tree of RFC 6962 over three leaves: ((0 1) 2).
    #[test]
    fn the_left_half_is_the_largest_power_of_two() {
        let [a, b, c] = [[0; 32], [1; 32], [2; 32]];
        assert_eq!(root(&[a, b, c]), Some(node(node(a, b), c)));
        assert_eq!(half(2), 1);
        assert_eq!((half(4), half(5), half(8), half(9)), (2, 4, 4, 8));
    }
}
