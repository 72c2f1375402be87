//! One inner trail per account: who holds it, and who takes over.

use serde_json::json;

use super::stage::Stage;

#[test]
fn the_second_of_two_objects_is_told_who_holds_the_account_and_takes_over() {
    let stage = Stage::open();
    stage.apply("first-one", &json!({}));
    stage.await_ready("first-one");
    stage.apply("second-one", &json!({}));
    let told = stage.await_condition("second-one", "Shipping", "False", "AccountAlreadyClaimed");
    assert!(told["message"].as_str().unwrap().contains(&format!("{}/first-one", stage.namespace)), "{told}");
    stage.delete("first-one");
    stage.await_gone("first-one");
    stage.await_ready("second-one");
    assert_eq!(stage.account()["trails"][0]["name"], "second-one");
}

#[test]
fn of_objects_made_together_exactly_one_ships() {
    let stage = Stage::open();
    let names = ["together-a", "together-b", "together-c"];
    let items: Vec<_> = names.iter().map(|name| stage.manifest(name, &json!({}))).collect();
    stage.kubectl.apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()).unwrap();
    stage.until("one to record and the others to be told", || {
        let reasons =
            names.map(|name| super::stage::condition(&stage.get(name), "Ready")["reason"].to_string());
        let count = |reason: &str| reasons.iter().filter(|shown| shown.contains(reason)).count();
        if count("Recording") == 1 && count("AccountAlreadyClaimed") == 2 {
            Ok(())
        } else {
            Err(reasons.join(" "))
        }
    });
    assert_eq!(stage.changes().iter().filter(|change| *change == "CreateInnerTrail").count(), 1);
}

#[test]
fn a_trail_made_by_somebody_else_is_never_overwritten() {
    let stage = Stage::open();
    stage.act(&json!({"action": "create-project", "project": "theirs"}));
    stage.act(&json!({"action": "create-trail", "name": "their-trail", "project": "theirs"}));
    stage.apply("prod-ops", &json!({}));
    let told = stage.await_condition("prod-ops", "Shipping", "False", "AccountAlreadyClaimed");
    assert!(told["message"].as_str().unwrap().contains("`their-trail`"), "{told}");
    assert_eq!(stage.account()["trails"][0]["name"], "their-trail");
}

#[test]
fn a_trail_that_fits_is_adopted() {
    let stage = Stage::open();
    stage.act(&json!({"action": "create-project", "project": "my-audit"}));
    stage.act(&json!({"action": "create-trail", "name": "prod-ops", "project": "my-audit"}));
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    assert!(!stage.changes().contains(&"CreateInnerTrail".to_owned()));
}

#[test]
fn a_trail_in_another_region_is_told_and_not_asked_for_again_and_again() {
    let stage = Stage::open();
    stage.act(&json!({"action": "create-project", "project": "theirs", "region": "cn-shanghai"}));
    stage.act(
        &json!({"action": "create-trail", "name": "prod-ops", "project": "theirs", "region": "cn-shanghai"}),
    );
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Shipping", "False", "AccountAlreadyClaimed");
    assert!(!stage.changes().contains(&"CreateInnerTrail".to_owned()));
}

#[test]
fn a_copy_that_is_switched_off_leaves_the_trail_of_the_original_alone() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    let copy = json!({"enabled": false, "trailName": "prod-ops"});
    stage.apply("a-copy", &copy);
    stage.await_condition("a-copy", "Shipping", "False", "Disabled");
    stage.delete("a-copy");
    stage.await_gone("a-copy");
    assert!(!stage.changes().contains(&"DeleteInnerTrail".to_owned()));
}
