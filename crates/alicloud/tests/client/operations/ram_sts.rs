//! Versions of policies, service-linked roles and temporary credentials.

use std::time::Duration;

use alicloud::{AssumeRole, AssumeRoleWithOidc, Cloud, PolicyType, WireProfile};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::expect_rpc;
use crate::support::{Script, Standstill, header, ok, only, parameters, session};

#[tokio::test]
async fn get_policy_version_names_the_version() {
    let version =
        json!({ "VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": "{}", "CreateDate": "d" });
    let script = Script::new([ok(json!({ "PolicyVersion": version }))]);
    let version = session(script.clone()).get_policy_version(PolicyType::System, "P", "v1").await.unwrap();
    assert_eq!((&*version.id, version.is_default, &*version.document), ("v1", true, "{}"));
    let sent = [("PolicyType", "System"), ("PolicyName", "P"), ("VersionId", "v1")];
    expect_rpc(&script, "ram.aliyuncs.com", "GetPolicyVersion", &sent);
}

#[tokio::test]
async fn create_service_linked_role_names_the_service() {
    let role = json!({ "RoleName": "AliyunServiceRoleForActionTrail", "Arn": "a", "AssumeRolePolicyDocument": "{}" });
    let script = Script::new([ok(json!({ "Role": role }))]);
    session(script.clone()).create_service_linked_role("actiontrail.aliyuncs.com").await.unwrap();
    let sent = [("ServiceName", "actiontrail.aliyuncs.com")];
    expect_rpc(&script, "ram.aliyuncs.com", "CreateServiceLinkedRole", &sent);
}

fn issued() -> Value {
    json!({ "AccessKeyId": "STS.1", "AccessKeySecret": "issued", "SecurityToken": "token",
        "Expiration": "2026-01-02T04:04:05Z" })
}

fn role() -> AssumeRole {
    AssumeRole {
        role_arn: "acs:ram::1:role/r".to_owned(),
        session_name: "s1".to_owned(),
        duration: Duration::from_mins(15),
        external_id: Some("x".to_owned()),
        policy: None,
    }
}

#[tokio::test]
async fn assume_role_sends_role_session_and_external_id() {
    let script = Script::new([ok(json!({ "Credentials": issued(), "RequestId": "R" }))]);
    let temporary = session(script.clone()).assume_role(&role()).await.unwrap();
    assert_eq!((temporary.key.id(), temporary.expires_at.as_second()), ("STS.1", 1_767_326_645));
    let sent = [
        ("RoleArn", "acs:ram::1:role/r"),
        ("RoleSessionName", "s1"),
        ("DurationSeconds", "900"),
        ("ExternalId", "x"),
    ];
    expect_rpc(&script, "sts.cn-hangzhou.aliyuncs.com", "AssumeRole", &sent);
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_is_not_quoted() {
    for odd in [json!("issued"), json!({ "AccessKeySecret": "issued" }), json!({ "AccessKeyId": ["issued"] })]
    {
        let script = Script::new([ok(json!({ "Credentials": odd }))]);
        let error = session(script).assume_role(&role()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("issued"));
    }
}

#[tokio::test]
async fn assume_role_with_oidc_is_not_signed_and_keeps_the_token_out_of_the_address() {
    let script = Script::new([ok(json!({ "Credentials": issued() }))]);
    let cloud = Cloud::new(script.clone(), std::sync::Arc::new(Standstill), WireProfile::builtin().into());
    let role = AssumeRoleWithOidc {
        role_arn: "acs:ram::1:role/r".to_owned(),
        provider_arn: "acs:ram::1:oidc-provider/p".to_owned(),
        token: SecretString::from("a.b+c/d="),
        session_name: "s1".to_owned(),
        duration: Duration::from_hours(1),
        policy: Some("{}".to_owned()),
    };
    let temporary = cloud.assume_role_with_oidc("cn-hangzhou", &role).await.unwrap();
    assert_eq!(temporary.key.id(), "STS.1");
    let request = only(&script);
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(header(&request, "content-type"), "application/x-www-form-urlencoded");
    let query = [
        ("Action", "AssumeRoleWithOIDC"),
        ("Format", "JSON"),
        ("Timestamp", "2026-01-02T03:04:05Z"),
        ("Version", "2015-04-01"),
    ];
    assert_eq!(parameters(&request), query.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let body = "RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc-provider%2Fp\
        &OIDCToken=a.b%2Bc%2Fd%3D&RoleSessionName=s1&DurationSeconds=3600&Policy=%7B%7D";
    assert_eq!(std::str::from_utf8(request.body()).unwrap(), body);
}
