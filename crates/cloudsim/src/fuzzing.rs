//! What must hold of the emulator, whatever bytes arrive: the fuzz targets of this crate.
//!
//! Each takes bytes, returns nothing and panics where a rule is broken. The same functions run under the fuzzer
//! and, over the kept corpus, in the tests. Bodies stand next to what they try.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use prost::Message;

pub use crate::gateway::fuzzing::requests;
pub use crate::policy::fuzzing::policies;
pub use crate::query::fuzzing::{analyses, searches};
use crate::service::wire::{LogGroup, LogGroupList, Packing, RAW_BYTES_MAX, pack, unpack};
use crate::service::{wire_json, wire_packages};

/// One target: takes bytes, panics where a rule is broken.
pub type Body = fn(&[u8]);

/// The targets of this crate, by the name of their corpus.
pub const TARGETS: [(&str, Body); 6] = [
    ("analyses", analyses),
    ("bodies", bodies),
    ("log_groups", log_groups),
    ("policies", policies),
    ("requests", requests),
    ("searches", searches),
];

/// A log group or list of them that can be read is the same after writing and reading it again; of a list of packed
/// groups no package is larger than what it was taken off.
pub fn log_groups(data: &[u8]) {
    if let Ok(group) = LogGroup::decode(data) {
        assert_eq!(LogGroup::decode(group.encode_to_vec().as_slice()), Ok(group));
    }
    if let Ok(list) = LogGroupList::decode(data) {
        assert_eq!(LogGroupList::decode(list.encode_to_vec().as_slice()), Ok(list));
    }
    other_forms(data);
}

/// Reads what is a group as JSON, or a list of packed groups, whatever it is.
fn other_forms(data: &[u8]) {
    if let Ok(group) = wire_json::read(data) {
        assert_eq!(LogGroup::decode(group.encode_to_vec().as_slice()), Ok(group));
    }
    let mut rest = data;
    while let Ok(Some(package)) = wire_packages::next(&mut rest) {
        assert!(package.data.len() + rest.len() < data.len(), "a package is a part of its list");
    }
}

const PACKINGS: [Packing; 4] = [Packing::Lz4, Packing::Zstd, Packing::Deflate, Packing::Gzip];

/// A byte of packing, four of claimed size, then a body: unpacking gives just as much as was claimed, or nothing;
/// no body has two sizes; what was packed is unpacked.
pub fn bodies(data: &[u8]) {
    let Some(([packing, claim @ ..], body)) = data.split_first_chunk::<5>() else { return };
    let packing = PACKINGS[usize::from(*packing) % PACKINGS.len()];
    let claim = u32::from_le_bytes(*claim) as usize;
    if let Some(raw) = unpack(packing, body, claim) {
        assert_eq!(raw.len(), claim, "another size than was claimed");
        assert!(claim <= RAW_BYTES_MAX, "larger than any body may be");
        assert!(raw.capacity() <= 2 * RAW_BYTES_MAX, "more memory than any body may take");
        for lie in [claim.wrapping_sub(1), claim + 1, claim * 2 + 1] {
            assert_eq!(unpack(packing, body, lie), None, "{claim} and {lie} are both its size");
        }
    }
    let packed = pack(packing, body.to_vec()).expect("a vector grows");
    assert_eq!(unpack(packing, &packed, body.len()).as_deref(), Some(body), "packed and unpacked");
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;
