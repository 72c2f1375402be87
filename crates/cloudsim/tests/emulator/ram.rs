//! Roles and policies.

use serde_json::{Value, json};

use super::client::*;

const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["actiontrail.aliyuncs.com"]}}],"Version":"1"}"#;

#[test]
fn fresh_account_has_the_default_role_with_its_trust_and_policy() {
    let emulator = Emulator::start();
    let role = emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]).body_json();
    let trust: Value =
        serde_json::from_str(role["Role"]["AssumeRolePolicyDocument"].as_str().unwrap()).unwrap();
    assert_eq!(trust["Statement"][0]["Principal"]["Service"], json!(["actiontrail.aliyuncs.com"]));
    let policies = emulator.rpc(RAM, "ListPoliciesForRole", &[("RoleName", ROLE)]).body_json();
    assert_eq!(policies["Policies"]["Policy"][0]["PolicyName"], "AliyunActionTrailRolePolicy");
    assert_eq!(policies["Policies"]["Policy"][0]["PolicyType"], "System");
}

#[test]
fn policy_document_can_be_read() {
    let emulator = Emulator::start();
    let policy = emulator
        .rpc(RAM, "GetPolicy", &[("PolicyType", "System"), ("PolicyName", "AliyunActionTrailRolePolicy")])
        .body_json();
    assert!(policy["DefaultPolicyVersion"]["PolicyDocument"].as_str().unwrap().contains("innertrail_*"));
    assert_eq!(policy["Policy"]["AttachmentCount"], 1);
}

#[test]
fn role_is_made_once() {
    let emulator = Emulator::start();
    let call =
        || emulator.rpc(RAM, "CreateRole", &[("RoleName", "mine"), ("AssumeRolePolicyDocument", TRUST)]);
    let made = call().body_json();
    assert_eq!(made["Role"]["Arn"], format!("acs:ram::{ACCOUNT}:role/mine"));
    assert!(made["Role"].get("UpdateDate").is_none());
    assert_refused(&call(), 409, "EntityAlreadyExists.Role");
}

#[test]
fn role_trust_can_be_replaced() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "break-role-trust"}));
    let reply =
        emulator.rpc(RAM, "UpdateRole", &[("RoleName", ROLE), ("NewAssumeRolePolicyDocument", TRUST)]);
    assert_eq!(reply.body_json()["Role"]["AssumeRolePolicyDocument"], TRUST);
    assert_eq!(emulator.last_entry()["changed"], true);
}

#[test]
fn replacing_trust_by_the_same_changes_nothing() {
    let emulator = Emulator::start();
    for _ in 0..2 {
        emulator.rpc(RAM, "UpdateRole", &[("RoleName", ROLE), ("NewAssumeRolePolicyDocument", TRUST)]);
    }
    assert_eq!(emulator.last_entry()["changed"], false);
}

#[test]
fn missing_entities_are_named_by_their_codes() {
    let emulator = Emulator::start();
    assert_refused(&emulator.rpc(RAM, "GetRole", &[("RoleName", "nobody")]), 404, "EntityNotExist.Role");
    let reply = emulator.rpc(RAM, "GetPolicy", &[("PolicyType", "Custom"), ("PolicyName", "none")]);
    assert_refused(&reply, 404, "EntityNotExist.Policy");
    let role_policy = [("RoleName", ROLE), ("PolicyType", "System"), ("PolicyName", "AliyunLogFullAccess")];
    assert_refused(
        &emulator.rpc(RAM, "DetachPolicyFromRole", &role_policy),
        404,
        "EntityNotExist.Role.Policy",
    );
}

#[test]
fn policy_is_attached_once_and_detached() {
    let emulator = Emulator::start();
    let role_policy = [("RoleName", ROLE), ("PolicyType", "System"), ("PolicyName", "AliyunLogFullAccess")];
    assert_eq!(emulator.rpc(RAM, "AttachPolicyToRole", &role_policy).status, 200);
    assert_refused(
        &emulator.rpc(RAM, "AttachPolicyToRole", &role_policy),
        409,
        "EntityAlreadyExists.Role.Policy",
    );
    assert_eq!(emulator.rpc(RAM, "DetachPolicyFromRole", &role_policy).status, 200);
}

#[test]
fn role_with_policies_is_not_deleted() {
    let emulator = Emulator::start();
    assert_refused(
        &emulator.rpc(RAM, "DeleteRole", &[("RoleName", ROLE)]),
        409,
        "DeleteConflict.Role.Policy",
    );
}

/// Operation, parameters, and the code expected.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn bad_parameters_are_refused_by_their_codes() {
    let emulator = Emulator::start();
    let long = "a".repeat(65);
    let cases: [Case<'_>; 6] = [
        ("GetRole", &[], "MissingRoleName"),
        ("GetRole", &[("RoleName", "a b")], "InvalidParameter.RoleName.InvalidChars"),
        ("GetRole", &[("RoleName", &long)], "InvalidParameter.RoleName.Length"),
        ("CreateRole", &[("RoleName", "x"), ("AssumeRolePolicyDocument", "{")], "MalformedPolicyDocument"),
        ("GetPolicy", &[("PolicyType", "Odd"), ("PolicyName", "x")], "InvalidParameter.PolicyType"),
        (
            "GetPolicy",
            &[("PolicyType", "System"), ("PolicyName", "a b")],
            "InvalidParameter.PolicyName.InvalidChars",
        ),
    ];
    for (action, parameters, code) in cases {
        assert_refused(&emulator.rpc(RAM, action, parameters), 400, code);
    }
}

const DOCUMENT: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["log:Get*"],"Resource":["*"]}]}"#;

#[test]
fn custom_policy_in_use_is_not_deleted() {
    let emulator = Emulator::start();
    let name = [("PolicyName", "mine")];
    emulator.rpc(RAM, "CreatePolicy", &[name[0], ("PolicyDocument", DOCUMENT)]);
    emulator.rpc(RAM, "CreateUser", &[("UserName", "somebody")]);
    let policy = [("PolicyType", "Custom"), name[0]];
    for (holder, kind) in [(("RoleName", ROLE), "Role"), (("UserName", "somebody"), "User")] {
        let call = |verb: &str, to: &str| {
            let action = format!("{verb}Policy{to}{kind}");
            assert_eq!(emulator.rpc(RAM, &action, &[policy[0], policy[1], holder]).status, 200, "{action}");
        };
        call("Attach", "To");
        let refused = emulator.rpc(RAM, "DeletePolicy", &name);
        assert_refused(&refused, 409, &format!("DeleteConflict.Policy.{kind}"));
        call("Detach", "From");
    }
    assert_eq!(emulator.rpc(RAM, "DeletePolicy", &name).status, 200);
    assert_refused(&emulator.rpc(RAM, "DeletePolicy", &name), 404, "EntityNotExist.Policy");
}

#[test]
fn system_policy_is_not_deleted() {
    let emulator = Emulator::start();
    let reply = emulator.rpc(RAM, "DeletePolicy", &[("PolicyName", "AliyunActionTrailRolePolicy")]);
    assert_refused(&reply, 404, "EntityNotExist.Policy");
}

#[test]
fn deleted_key_opens_nothing_and_lets_its_user_go() {
    let emulator = Emulator::start();
    let user = [("UserName", "somebody")];
    emulator.rpc(RAM, "CreateUser", &user);
    let made = emulator.rpc(RAM, "CreateAccessKey", &user).body_json();
    let text = |name: &str| made["AccessKey"][name].as_str().unwrap().to_owned();
    let key = Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: None };
    assert_eq!(emulator.send(&rpc(&key, STS, "GetCallerIdentity", &[])).status, 200);
    assert_refused(&emulator.rpc(RAM, "DeleteUser", &user), 409, "DeleteConflict.User.AccessKey");
    let named = [user[0], ("UserAccessKeyId", key.id.as_str())];
    assert_eq!(emulator.rpc(RAM, "DeleteAccessKey", &named).status, 200);
    assert_refused(&emulator.rpc(RAM, "DeleteAccessKey", &named), 404, "EntityNotExist.User.AccessKey");
    let reply = emulator.send(&rpc(&key, STS, "GetCallerIdentity", &[]));
    assert_refused(&reply, 404, "InvalidAccessKeyId.NotFound");
    assert_eq!(emulator.rpc(RAM, "DeleteUser", &user).status, 200);
    assert_refused(&emulator.rpc(RAM, "GetUser", &user), 404, "EntityNotExist.User");
}

#[test]
fn user_with_policies_is_not_deleted() {
    let emulator = Emulator::start();
    let user = ("UserName", "somebody");
    emulator.rpc(RAM, "CreateUser", &[user]);
    let policy = [("PolicyType", "System"), ("PolicyName", "AliyunLogReadOnlyAccess"), user];
    assert_eq!(emulator.rpc(RAM, "AttachPolicyToUser", &policy).status, 200);
    assert_refused(&emulator.rpc(RAM, "DeleteUser", &[user]), 409, "DeleteConflict.User.Policy");
}

#[test]
fn service_linked_role_is_made_once_with_its_policy() {
    let emulator = Emulator::start();
    let service = ("ServiceName", "actiontrail.aliyuncs.com");
    let role = emulator.rpc(RAM, "CreateServiceLinkedRole", &[service]).body_json()["Role"].clone();
    assert_eq!(role["RoleName"], "AliyunServiceRoleForActionTrail");
    assert_refused(
        &emulator.rpc(RAM, "CreateServiceLinkedRole", &[service]),
        409,
        "EntityAlreadyExists.Role",
    );
    let name = ("RoleName", "AliyunServiceRoleForActionTrail");
    let listed = emulator.rpc(RAM, "ListPoliciesForRole", &[name]).body_json();
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyName"], "AliyunServiceRolePolicyForActionTrail");
    let suffixed = [service, ("CustomSuffix", "two")];
    assert_refused(
        &emulator.rpc(RAM, "CreateServiceLinkedRole", &suffixed),
        400,
        "InvalidParameter.CustomSuffix",
    );
    let other = [("ServiceName", "ecs.aliyuncs.com")];
    assert_refused(&emulator.rpc(RAM, "CreateServiceLinkedRole", &other), 404, "EntityNotExist.ServiceName");
}

#[test]
fn update_of_a_role_keeps_session_length_and_description() {
    let emulator = Emulator::start();
    let role = |more: &[(&str, &str)]| {
        let parameters = [&[("RoleName", ROLE)], more].concat();
        emulator.rpc(RAM, "UpdateRole", &parameters)
    };
    assert_eq!(role(&[("NewMaxSessionDuration", "7200"), ("NewDescription", "ours")]).status, 200);
    let found = emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]).body_json();
    assert_eq!(
        (&found["Role"]["MaxSessionDuration"], &found["Role"]["Description"]),
        (&json!(7200), &json!("ours"))
    );
    for wrong in ["3599", "43201", "long"] {
        let reply = role(&[("NewMaxSessionDuration", wrong)]);
        assert_refused(&reply, 400, "InvalidParameter.NewMaxSessionDuration");
    }
}

#[test]
fn trust_without_a_principal_is_malformed() {
    let emulator = Emulator::start();
    let trust = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}"#;
    let create = [("RoleName", "mine"), ("AssumeRolePolicyDocument", trust)];
    assert_refused(&emulator.rpc(RAM, "CreateRole", &create), 400, "MalformedPolicyDocument");
    let update = [("RoleName", ROLE), ("NewAssumeRolePolicyDocument", trust)];
    assert_refused(&emulator.rpc(RAM, "UpdateRole", &update), 400, "MalformedPolicyDocument");
}

#[test]
fn console_takes_a_trust_as_text_and_refuses_one_that_is_none() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-role", "role": "mine", "trustPolicy": TRUST}));
    let found = emulator.rpc(RAM, "GetRole", &[("RoleName", "mine")]).body_json();
    let kept: Value =
        serde_json::from_str(found["Role"]["AssumeRolePolicyDocument"].as_str().unwrap()).unwrap();
    assert_eq!(kept, serde_json::from_str::<Value>(TRUST).unwrap());
    for wrong in [json!("no policy"), json!({"Version": "1", "Statement": []}), json!(7)] {
        let body = json!({"action": "set-role", "role": "mine", "trustPolicy": wrong});
        let reply = control(emulator.address(), "POST", "/_sim/actions", &body.to_string());
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
}
