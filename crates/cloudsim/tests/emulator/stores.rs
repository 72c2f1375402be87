//! What clients ask of a project and a Logstore when they look round, over HTTP.

use serde_json::{Value, json};

use super::client::*;

#[test]
fn project_has_no_agents_and_says_so() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let get = |project: &str, target: &str| emulator.sls(project, "GET", target, &Value::Null);
    for list in ["configs", "machinegroups"] {
        let found = get("my-proj", &format!("/{list}?offset=0&size=100")).body_json();
        assert_eq!(found, json!({"count": 0, "total": 0, list: []}));
        assert_refused(&get("other-proj", &format!("/{list}")), 404, "ProjectNotExist");
    }
}

#[test]
fn project_is_found_at_the_accelerated_endpoint_whatever_its_region() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "create-project", "project": "my-proj", "region": "eu-central-1"}));
    let ask = |project: &str, region: &str| {
        let wire = Wire::new("GET", &format!("{project}.log-global.aliyuncs.com"), "/", Vec::new());
        emulator.send(&sign_sls(wire, &emulator.key, region, jiff::Timestamp::now()))
    };
    assert_eq!(ask("my-proj", "eu-central-1").body_json()["region"], "eu-central-1");
    assert_refused(&ask("my-proj", "cn-hangzhou"), 401, "SignatureNotMatch");
    assert_refused(&ask("no-proj", "eu-central-1"), 404, "ProjectNotExist");
}

#[test]
fn metering_mode_is_kept_whatever_else_is_changed() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    emulator.make_logstore("my-proj", "abc");
    let ask =
        |method: &str, body: Value| emulator.sls("my-proj", method, "/logstores/abc/meteringmode", &body);
    assert_eq!(ask("GET", Value::Null).body_json(), json!({"meteringMode": "ChargeByFunction"}));
    assert_eq!(ask("PUT", json!({"meteringMode": "ChargeByDataIngest"})).status, 200);
    let update =
        json!({"logstoreName": "abc", "ttl": 7, "shardCount": 2, "meteringMode": "ChargeByFunction"});
    assert_eq!(emulator.sls("my-proj", "PUT", "/logstores/abc", &update).status, 200);
    assert_eq!(ask("GET", Value::Null).body_json(), json!({"meteringMode": "ChargeByDataIngest"}));
    let shown = emulator.sls("my-proj", "GET", "/logstores/abc", &Value::Null).body_json();
    assert_eq!(shown.get("meteringMode"), None);
    assert_refused(&ask("PUT", json!({"meteringMode": "Free"})), 400, "ParameterInvalid");
}
