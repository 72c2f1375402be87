//! How much there is in a log group, seen without decoding it.
//!
//! Two bytes of a group can be a whole log, or a whole field, and both take many times that once decoded. So they
//! are counted first. Pure: bytes in, numbers out; allocates nothing.

/// What a group holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) logs: usize,
    /// Fields of all logs, and tags.
    pub(crate) pairs: usize,
}

const LOGS: u64 = 1;
const TAGS: u64 = 6;
const CONTENTS: u64 = 2;

/// Counts; `None` when the bytes are no message.
pub(crate) fn count(group: &[u8]) -> Option<Count> {
    let mut count = Count::default();
    let mut rest = group;
    while !rest.is_empty() {
        match field(&mut rest)? {
            (LOGS, Field::Bytes(log)) => {
                count.logs += 1;
                count.pairs += pairs(log)?;
            }
            (TAGS, Field::Bytes(_)) => count.pairs += 1,
            _ => {}
        }
    }
    Some(count)
}

fn pairs(mut log: &[u8]) -> Option<usize> {
    let mut pairs = 0;
    while !log.is_empty() {
        pairs += usize::from(matches!(field(&mut log)?, (CONTENTS, Field::Bytes(_))));
    }
    Some(pairs)
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A number of fixed size.
    Fixed,
}

/// Takes a field off: its number, and what it holds.
pub(crate) fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let head = varint(rest)?;
    let content = match head & 7 {
        0 => Field::Number(varint(rest)?),
        1 => take(rest, 8).map(|_| Field::Fixed)?,
        2 => {
            let size = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(take(rest, size)?)
        }
        5 => take(rest, 4).map(|_| Field::Fixed)?,
        _ => return None,
    };
    Some((head >> 3, content))
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_at_checked(size)?;
    *rest = after;
    Some(bytes)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fields::pair;
    use crate::service::wire::{Log, LogGroup};
    use prost::Message;

    #[test]
    fn logs_fields_and_tags_are_counted() {
        let pairs = |count| vec![pair("k".to_owned(), "v".to_owned()); count];
        let log = |count| Log { time: Some(1_700_000_000), contents: pairs(count), time_ns: Some(7) };
        let group = LogGroup {
            logs: vec![log(2), log(0), log(3)],
            topic: Some("t".to_owned()),
            tags: pairs(4),
            ..LogGroup::default()
        };
        assert_eq!(count(&group.encode_to_vec()), Some(Count { logs: 3, pairs: 9 }));
    }

    #[test]
    fn what_is_no_message_is_not_counted() {
        for bytes in [&[0x0a, 0xff][..], &[0x0a], &[0x80], &[0x0b], &[0x09, 1, 2], &[0x0a, 2, 0x12, 1]] {
            assert_eq!(count(bytes), None, "{bytes:x?}");
        }
        assert_eq!(count(&[0xff; 11]), None);
    }
}
