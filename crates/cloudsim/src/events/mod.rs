//! Platform events as Alibaba Cloud staff and systems would cause them.
//!
//! Takes a seed and a range of event numbers; returns events with exactly the fields of cloud-api §1.4.
//! What can happen to which product is a table in [`products`]: field names, event types and levels are
//! documented, the operations in the table are invented after the documented examples. Must never read a
//! clock or any other source of chance: event `n` depends on the seed and on `n`, its place in time on the
//! range too.

mod products;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use products::{Operation, PRODUCTS, Product, Who};

const REGIONS: [&str; 6] =
    ["cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "ap-southeast-1", "eu-central-1"];
/// Where staff sit; the first is by far the most frequent.
const LOCATIONS: [&str; 3] = ["CN", "SG", "DE"];

/// One platform event, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformEvent {
    /// When it happened, epoch seconds.
    pub time: i64,
    /// The fields of the log, string to string (cloud-api §1.4).
    pub fields: Map<String, Value>,
}

/// Makes `count` events from number `first` on, owned by `account`, with times in `from..to` (epoch
/// seconds); an empty range puts all of them at `from`.
pub fn generate(seed: u64, first: u64, count: u32, account: &str, from: i64, to: i64) -> Vec<PlatformEvent> {
    let numbers = (0..u64::from(count)).map(|offset| first.wrapping_add(offset));
    numbers.map(|number| event(&mut Chance::new(seed, number), account, from, to)).collect()
}

fn event(chance: &mut Chance, account: &str, from: i64, to: i64) -> PlatformEvent {
    let product = chance.pick(&PRODUCTS);
    let operation = chance.pick(product.operations);
    let time = chance.time(from, to);
    let mut fields = described(product, operation);
    for (name, value) in happened(chance, product, operation) {
        fields.insert(name.to_owned(), Value::String(value));
    }
    fields.insert("ResourceOwnerID".to_owned(), Value::from(account));
    fields.insert("EventTime".to_owned(), Value::from(utc(time)));
    PlatformEvent { time, fields }
}

/// The fields that the kind of event decides.
fn described(product: &Product, operation: &Operation) -> Map<String, Value> {
    let fixed = [
        ("EventVersion", "1.0.0"),
        ("EventProduct", product.code),
        ("EventName", operation.name),
        ("EventDescription", operation.description),
        ("EventType", operation.kind.name()),
        ("EventMethod", operation.who.method()),
        ("EventLevel", operation.level.name()),
        ("ResourceType", product.resource_type),
    ];
    fixed.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

/// The fields that differ from event to event.
fn happened(chance: &mut Chance, product: &Product, operation: &Operation) -> [(&'static str, String); 6] {
    let resource = format!("{}{}", product.resource_prefix, chance.letters(product.resource_letters));
    let (employee, location) = match operation.who {
        Who::Staff => (chance.hex(32).to_uppercase(), chance.mostly_first(&LOCATIONS)),
        Who::System => (String::new(), LOCATIONS[0]),
    };
    let detail = match operation.who {
        Who::Staff => json!({"ticketId": chance.digits(10), "reason": operation.reason}),
        Who::System => json!({"jobId": chance.hex(16), "reason": operation.reason}),
    };
    [
        ("EventID", chance.uuid()),
        ("ResourceID", resource),
        ("ResourceRegionID", (*chance.pick(&REGIONS)).to_owned()),
        ("EventAdditionalDetail", detail.to_string()),
        ("EmployeeID", employee),
        ("EventLocation", location.to_owned()),
    ]
}

fn utc(time: i64) -> String {
    let known = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH);
    known.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Chance that repeats: the `SplitMix64` sequence of a seed and an event number.
struct Chance(u64);

impl Chance {
    fn new(seed: u64, number: u64) -> Self {
        let mut apart = Self(number);
        Self(seed ^ apart.draw())
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; `bound` is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// One of a list that is not empty.
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let drawn = self.below(list.len() as u64);
        &list[usize::try_from(drawn).unwrap_or_default()]
    }

    /// The first nine times out of ten, else any.
    fn mostly_first(&mut self, list: &[&'static str]) -> &'static str {
        let any = *self.pick(list);
        if self.below(10) > 0 { list[0] } else { any }
    }

    fn time(&mut self, from: i64, to: i64) -> i64 {
        let drawn = self.draw();
        if to <= from {
            return from;
        }
        let offset = drawn % to.abs_diff(from);
        from.saturating_add_unsigned(offset)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }

    fn hex(&mut self, length: usize) -> String {
        self.text(b"0123456789abcdef", length)
    }

    fn digits(&mut self, length: usize) -> String {
        self.text(b"0123456789", length)
    }

    fn letters(&mut self, length: usize) -> String {
        self.text(b"abcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    fn uuid(&mut self) -> String {
        let (a, b, c, d) = (self.hex(8), self.hex(4), self.hex(3), self.hex(3));
        format!("{a}-{b}-4{c}-a{d}-{}", self.hex(12)).to_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every field of cloud-api §1.4.
    const FIELDS: [&str; 16] = [
        "EmployeeID",
        "EventAdditionalDetail",
        "EventDescription",
        "EventID",
        "EventLevel",
        "EventLocation",
        "EventMethod",
        "EventName",
        "EventProduct",
        "EventTime",
        "EventType",
        "EventVersion",
        "ResourceID",
        "ResourceOwnerID",
        "ResourceRegionID",
        "ResourceType",
    ];

    fn many() -> Vec<PlatformEvent> {
        generate(7, 0, 2_000, "1234567890123456", 1_000, 5_000)
    }

    fn values<'e>(events: &'e [PlatformEvent], field: &str) -> BTreeSet<&'e str> {
        events.iter().filter_map(|event| event.fields[field].as_str()).collect()
    }

    #[test]
    fn events_have_exactly_the_documented_fields() {
        for event in many() {
            let mut names: Vec<&str> = event.fields.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, FIELDS);
            assert!(event.fields.values().all(Value::is_string));
        }
    }

    #[test]
    fn the_same_arguments_give_the_same_events() {
        assert_eq!(many(), many());
    }

    #[test]
    fn an_event_does_not_depend_on_the_batch_it_is_made_in() {
        let later = generate(7, 1_500, 10, "1234567890123456", 1_000, 5_000);
        assert_eq!(later, many()[1_500..1_510]);
    }

    #[test]
    fn another_seed_gives_other_events() {
        assert_ne!(generate(8, 0, 10, "1", 0, 9), generate(7, 0, 10, "1", 0, 9));
    }

    #[test]
    fn event_ids_are_unique() {
        assert_eq!(values(&many(), "EventID").len(), 2_000);
    }

    #[test]
    fn every_product_type_and_level_occurs() {
        let events = many();
        let products = ["ACK", "ACR", "ECS", "EMR", "KMS", "OSS", "RDS", "SDDP"];
        assert_eq!(values(&events, "EventProduct"), products.into());
        let kinds = ["ALIYUN_INITIATED_PENALTY", "ALIYUN_INITIATED_SERVICE", "CUSTOMER_INITIATED_SUPPORT"];
        assert_eq!(values(&events, "EventType"), kinds.into());
        assert_eq!(values(&events, "EventLevel"), ["NOTICE", "WARNING"].into());
    }

    #[test]
    fn automated_events_name_no_employee() {
        for event in many() {
            let automated = event.fields["EventMethod"] == "SYSTEM";
            assert_eq!(event.fields["EmployeeID"] == "", automated);
        }
    }

    #[test]
    fn times_are_in_the_range_and_told_twice() {
        for event in many() {
            assert!((1_000..5_000).contains(&event.time));
            let told: Timestamp = event.fields["EventTime"].as_str().unwrap().parse().unwrap();
            assert_eq!(told.as_second(), event.time);
        }
    }

    #[test]
    fn an_empty_or_extreme_range_is_no_trouble() {
        assert_eq!(generate(1, 0, 1, "1", 9, 9)[0].time, 9);
        assert_eq!(generate(1, u64::MAX, 3, "1", i64::MIN, i64::MAX).len(), 3);
    }

    #[test]
    fn details_are_json_and_the_owner_is_the_account() {
        for event in many() {
            let detail = event.fields["EventAdditionalDetail"].as_str().unwrap();
            assert!(serde_json::from_str::<Value>(detail).unwrap().is_object());
            assert_eq!(event.fields["ResourceOwnerID"], "1234567890123456");
        }
    }
}
