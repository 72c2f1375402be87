//! What must hold of reading answers of Log Service, whatever bytes arrive.
//!
//! Takes bytes; returns nothing and panics where a rule is broken.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::packing::{self, Compression};
use super::proto;
use crate::http_transport::BODY_LIMIT;
use crate::reply::Reply;

/// Log groups that can be read are the same after writing and reading them again.
pub fn client_log_groups(data: &[u8]) {
    let Ok(batches) = proto::decode(data) else { return };
    let mut list = Vec::new();
    for batch in &batches {
        let group = proto::encode(batch);
        list.push(0x0a);
        prost::encode_length_delimiter(group.len(), &mut list).expect("a vector grows");
        list.extend(group);
    }
    assert_eq!(proto::decode(&list).as_ref(), Ok(&batches), "written and read again");
}

/// Four bytes of claimed size, then the body: unpacking gives just as much as was claimed, or an error.
pub fn client_lz4(data: &[u8]) {
    let Some((claim, body)) = data.split_first_chunk::<4>() else { return };
    let claim = u32::from_le_bytes(*claim);
    if let Ok(unpacked) = packing::unpacked(&packed(body, claim), BODY_LIMIT) {
        assert_eq!(unpacked.len(), claim as usize, "another size than was claimed");
        assert!(unpacked.len() <= BODY_LIMIT, "larger than any answer may be");
        assert!(
            packing::unpacked(&packed(body, claim.wrapping_add(1)), BODY_LIMIT).is_err(),
            "two sizes of one body"
        );
    }
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let block = Compression::Lz4.pack(body.to_vec()).expect("a vector grows");
    let again = packing::unpacked(&packed(&block, size), BODY_LIMIT);
    assert_eq!(again.as_deref(), Ok(body), "packed and unpacked");
}

fn packed(body: &[u8], claim: u32) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("x-log-compresstype", HeaderValue::from_static("lz4"));
    headers.insert("x-log-bodyrawsize", HeaderValue::from(claim));
    Reply { headers, body: Bytes::copy_from_slice(body), request_id: None, key: None }
}
