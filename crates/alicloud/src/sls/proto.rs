//! Logs in protobuf, as they are written and pulled (cloud-api §6.5): four small proto2 messages, checked against a
//! captured sample.
//!
//! Takes and returns bytes. *Invariant:* bytes that are no log group are an error, never an empty one; text in them that
//! is not UTF-8 costs its odd bytes, never the rest of the pull.

use prost::Message;

/// Logs that share a topic, a source and tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogBatch {
    /// `__topic__` of every log.
    pub topic: String,
    /// `__source__` of every log.
    pub source: String,
    /// `__tag__:<name>` of every log, with values.
    pub tags: Vec<(String, String)>,
    /// The logs, at most 4096 in a batch that is written.
    pub logs: Vec<LogEntry>,
}

/// One log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// When it happened, epoch seconds.
    pub time: u32,
    /// Nanoseconds after that, where the writer gave them.
    pub time_nanos: Option<u32>,
    /// Its fields, in order.
    pub contents: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Message)]
struct LogGroupList {
    #[prost(message, repeated, tag = "1")]
    log_groups: Vec<LogGroup>,
}

#[derive(Clone, PartialEq, Message)]
struct LogGroup {
    #[prost(message, repeated, tag = "1")]
    logs: Vec<Log>,
    #[prost(bytes = "vec", optional, tag = "3")]
    topic: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    source: Option<Vec<u8>>,
    #[prost(message, repeated, tag = "6")]
    tags: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(uint32, required, tag = "1")]
    time: u32,
    #[prost(message, repeated, tag = "2")]
    contents: Vec<Pair>,
    #[prost(fixed32, optional, tag = "4")]
    time_ns: Option<u32>,
}

/// A field of a log, or a tag: the messages `Content` and `LogTag` are alike. Text is read as bytes, because writers are
/// not held to UTF-8.
#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(bytes = "vec", required, tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", required, tag = "2")]
    value: Vec<u8>,
}

/// The bytes of a log group.
pub(super) fn encode(batch: &LogBatch) -> Vec<u8> {
    let some = |text: &String| Some(text.clone().into_bytes()).filter(|text| !text.is_empty());
    let log = |entry: &LogEntry| Log {
        time: entry.time,
        contents: pairs(&entry.contents),
        time_ns: entry.time_nanos,
    };
    let group = LogGroup {
        logs: batch.logs.iter().map(log).collect(),
        topic: some(&batch.topic),
        source: some(&batch.source),
        tags: pairs(&batch.tags),
    };
    group.encode_to_vec()
}

/// The log groups in a list.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<LogBatch>, prost::DecodeError> {
    let list = LogGroupList::decode(bytes)?;
    Ok(list.log_groups.into_iter().map(LogBatch::from).collect())
}

impl From<LogGroup> for LogBatch {
    fn from(group: LogGroup) -> Self {
        let entry =
            |log: Log| LogEntry { time: log.time, time_nanos: log.time_ns, contents: unpaired(log.contents) };
        Self {
            topic: text(group.topic.unwrap_or_default()),
            source: text(group.source.unwrap_or_default()),
            tags: unpaired(group.tags),
            logs: group.logs.into_iter().map(entry).collect(),
        }
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<Pair> {
    let pair = |(key, value): &(String, String)| Pair {
        key: key.clone().into_bytes(),
        value: value.clone().into_bytes(),
    };
    pairs.iter().map(pair).collect()
}

fn unpaired(pairs: Vec<Pair>) -> Vec<(String, String)> {
    pairs.into_iter().map(|pair| (text(pair.key), text(pair.value))).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Captured from an official client (cloud-api §6.5).
    const SAMPLE: &str = "0a0e0880e2cfaa0612060a016b1201761a0174220173\
        32080a02746b12027476";

    fn sample() -> LogBatch {
        let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        LogBatch {
            topic: "t".to_owned(),
            source: "s".to_owned(),
            tags: pair("tk", "tv"),
            logs: vec![LogEntry { time: 1_700_000_000, time_nanos: None, contents: pair("k", "v") }],
        }
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn a_batch_is_written_as_the_official_client_writes_it() {
        assert_eq!(hex(&encode(&sample())), SAMPLE);
    }

    fn list(group: Vec<u8>) -> Vec<u8> {
        [vec![0x0a, u8::try_from(group.len()).unwrap()], group].concat()
    }

    #[test]
    fn nanoseconds_are_kept() {
        let mut batch = sample();
        batch.logs[0].time_nanos = Some(999_999_999);
        assert_eq!(decode(&list(encode(&batch))).unwrap(), [batch]);
    }

    #[test]
    fn a_value_that_is_not_utf8_costs_nothing_but_its_odd_bytes() {
        let mut group = encode(&LogBatch { topic: "topic-x".to_owned(), ..sample() });
        let value = group.windows(3).position(|bytes| bytes == [0x12, 0x01, b'v']).unwrap();
        group[value + 2] = 0xff;
        let topic = group.windows(7).position(|bytes| bytes == b"topic-x").unwrap();
        group[topic + 6] = 0xff;
        let mut expected = LogBatch { topic: "topic-\u{fffd}".to_owned(), ..sample() };
        expected.logs[0].contents[0].1 = "\u{fffd}".to_owned();
        assert_eq!(decode(&list(group)).unwrap(), [expected]);
    }

    #[test]
    fn a_list_is_read_back() {
        let list = list(encode(&sample()));
        assert_eq!(decode(&list).unwrap(), [sample()]);
        assert!(decode(&list[..list.len() - 1]).is_err());
    }
}
