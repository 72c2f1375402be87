//! Consumer groups, their consumers and checkpoints, over HTTP.

use serde_json::{Value, json};

use super::client::*;
use super::consume::{STORE, ask, filled, get};

fn with_group(logs: usize) -> Emulator {
    let emulator = filled(logs);
    let group = json!({"consumerGroup": "g", "timeout": 60, "order": true});
    assert_eq!(ask(&emulator, "POST", "consumergroups", &group).status, 200);
    emulator
}

fn beat(emulator: &Emulator, consumer: &str, held: &[u32]) -> Value {
    let below = format!("consumergroups/g?type=heartbeat&consumer={consumer}");
    ask(emulator, "POST", &below, &json!(held)).body_json()
}

#[test]
fn shards_are_shared_among_living_consumers() {
    let emulator = with_group(0);
    assert_eq!(beat(&emulator, "one", &[]), json!([0, 1]));
    beat(&emulator, "two", &[]);
    assert_eq!(beat(&emulator, "one", &[]), json!([0]));
    assert_eq!(beat(&emulator, "two", &[]), json!([1]));
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 61}));
    let far = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(61);
    let target = format!("/logstores/{STORE}/consumergroups/g?type=heartbeat&consumer=two");
    let wire = unsigned_sls("my-proj", "POST", &target, b"[]".to_vec(), &[]);
    let reply = emulator.send(&sign_sls(wire, &emulator.key, REGION, far));
    assert_eq!(reply.body_json(), json!([0, 1]), "{}", reply.text());
}

#[test]
fn shard_goes_to_another_once_its_holder_lists_it_no_longer() {
    let emulator = with_group(0);
    assert_eq!(beat(&emulator, "one", &[]), json!([0, 1]));
    assert_eq!(beat(&emulator, "two", &[]), json!([]));
    assert_eq!(beat(&emulator, "one", &[0, 1]), json!([0]));
    assert_eq!(beat(&emulator, "two", &[]), json!([]));
    // Until then its holder may save how far it came.
    let point = json!({"shard": 1, "checkpoint": "MQ=="});
    let below = "consumergroups/g?type=checkpoint&consumer=one&forceSuccess=false";
    assert_eq!(ask(&emulator, "POST", below, &point).status, 200);
    assert_eq!(beat(&emulator, "one", &[0]), json!([0]));
    assert_refused(&ask(&emulator, "POST", below, &point), 400, "ConsumerNotMatch");
    assert_eq!(beat(&emulator, "two", &[]), json!([1]));
}

#[test]
fn only_the_holder_of_a_shard_moves_its_checkpoint() {
    let emulator = with_group(1);
    beat(&emulator, "one", &[]);
    beat(&emulator, "two", &[]);
    let point = json!({"shard": 0, "checkpoint": "MQ=="});
    let check = |more: &str| {
        let below = format!("consumergroups/g?type=checkpoint&consumer={more}");
        ask(&emulator, "POST", &below, &point)
    };
    assert_refused(&check("three"), 404, "ConsumerNotExsit");
    assert_refused(&check("two&forceSuccess=False"), 400, "ConsumerNotMatch");
    assert_eq!(check("one").status, 200);
    assert_eq!(get(&emulator, "consumergroups/g?shard=0").body_json()[0]["checkpoint"], "MQ==");
    assert_eq!(check("three&forceSuccess=True").status, 200);
    assert_eq!(get(&emulator, "consumergroups/g").body_json()[0]["consumer"], "three");
}

#[test]
fn every_shard_has_a_checkpoint_and_nothing_saved_is_an_empty_one() {
    let emulator = with_group(1);
    let none = |shard: u64| json!({"shard": shard, "checkpoint": "", "updateTime": 0, "consumer": ""});
    assert_eq!(get(&emulator, "consumergroups/g").body_json(), json!([none(0), none(1)]));
    assert_eq!(get(&emulator, "consumergroups/g?shard=1").body_json(), json!([none(1)]));
    let below = "consumergroups/g?type=checkpoint&consumer=c&forceSuccess=true";
    ask(&emulator, "POST", below, &json!({"shard": 1, "checkpoint": "MQ=="}));
    let found = get(&emulator, "consumergroups/g?shard=-1").body_json();
    assert_eq!((&found[0], &found[1]["checkpoint"]), (&none(0), &json!("MQ==")));
}

#[test]
fn checkpoint_that_is_told_again_changes_nothing() {
    let emulator = with_group(1);
    beat(&emulator, "one", &[]);
    let check = || {
        let point = json!({"shard": 0, "checkpoint": "MQ=="});
        ask(&emulator, "POST", "consumergroups/g?type=checkpoint&consumer=one", &point);
        emulator.last_entry()["changed"].clone()
    };
    assert_eq!((check(), check()), (json!(true), json!(false)));
}

#[test]
fn consumer_group_goes_with_its_logstore() {
    let emulator = with_group(1);
    let path = format!("/logstores/{STORE}");
    assert_eq!(emulator.sls("my-proj", "DELETE", &path, &Value::Null).status, 200);
    emulator.make_logstore("my-proj", STORE);
    assert_eq!(get(&emulator, "consumergroups").body_json(), json!([]));
    assert_refused(&get(&emulator, "consumergroups/g"), 404, "ConsumerGroupNotExist");
}

#[test]
fn ill_formed_consumer_groups_are_refused() {
    let emulator = with_group(0);
    let group = json!({"consumerGroup": "g", "timeout": 60, "order": true});
    assert_refused(&ask(&emulator, "POST", "consumergroups", &group), 400, "ConsumerGroupAlreadyExist");
    for wrong in
        [json!({"consumerGroup": "x"}), json!({"timeout": 1}), json!({"consumerGroup": "x", "timeout": 0})]
    {
        assert_refused(&ask(&emulator, "POST", "consumergroups", &wrong), 400, "ParameterInvalid");
    }
    let beat = ask(&emulator, "POST", "consumergroups/g?type=heartbeat&consumer=c", &json!({}));
    assert_refused(&beat, 400, "PostBodyInvalid");
}

#[test]
fn consumers_are_given_the_new_shards_too() {
    let emulator = with_group(0);
    ask(&emulator, "POST", "shards/1?action=split", &Value::Null);
    assert_eq!(beat(&emulator, "one", &[]), json!([0, 1, 2, 3]));
}
