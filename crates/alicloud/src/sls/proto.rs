//! Logs in protobuf, as they are written and pulled (cloud-api §6.5): four small proto2 messages, checked against a
//! captured sample.
//!
//! Takes and returns bytes. *Invariant:* bytes that are no log group are an error, never an empty one.

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
    #[prost(string, optional, tag = "3")]
    topic: Option<String>,
    #[prost(string, optional, tag = "4")]
    source: Option<String>,
    #[prost(message, repeated, tag = "6")]
    tags: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(uint32, required, tag = "1")]
    time: u32,
    #[prost(message, repeated, tag = "2")]
    contents: Vec<Pair>,
}

/// A field of a log, or a tag: the messages `Content` and `LogTag` are alike.
#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, required, tag = "1")]
    key: String,
    #[prost(string, required, tag = "2")]
    value: String,
}

/// The bytes of a log group.
pub(super) fn encode(batch: &LogBatch) -> Vec<u8> {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let log = |entry: &LogEntry| Log { time: entry.time, contents: pairs(&entry.contents) };
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
        let entry = |log: Log| LogEntry { time: log.time, contents: unpaired(log.contents) };
        Self {
            topic: group.topic.unwrap_or_default(),
            source: group.source.unwrap_or_default(),
            tags: unpaired(group.tags),
            logs: group.logs.into_iter().map(entry).collect(),
        }
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<Pair> {
    pairs.iter().map(|(key, value)| Pair { key: key.clone(), value: value.clone() }).collect()
}

fn unpaired(pairs: Vec<Pair>) -> Vec<(String, String)> {
    pairs.into_iter().map(|pair| (pair.key, pair.value)).collect()
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
            logs: vec![LogEntry { time: 1_700_000_000, contents: pair("k", "v") }],
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

    #[test]
    fn a_list_is_read_back() {
        let group = encode(&sample());
        let mut list = vec![0x0a, u8::try_from(group.len()).unwrap()];
        list.extend(group);
        assert_eq!(decode(&list).unwrap(), [sample()]);
        assert!(decode(&list[..list.len() - 1]).is_err());
    }
}
