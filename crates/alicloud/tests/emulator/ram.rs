//! RAM: roles and their policies.

use alicloud::{FaultKind, PolicyType};
use serde_json::Value;

use crate::conform::checks;
use crate::issuer::role_arn;
use crate::stage::{Stage, refused};

checks! { "ram":
    get_role => "GetRole",
    create_role => "CreateRole",
    update_role => "UpdateRole",
    list_policies_for_role => "ListPoliciesForRole",
    get_policy => "GetPolicy",
    get_policy_version => "GetPolicyVersion",
    attach_policy_to_role => "AttachPolicyToRole",
    create_service_linked_role => "CreateServiceLinkedRole",
}

const DEFAULT_ROLE: &str = "AliyunActionTrailDefaultRole";
const DEFAULT_POLICY: &str = "AliyunActionTrailRolePolicy";
const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}"#;
const OTHER_TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["actiontrail.aliyuncs.com"]}}],"Version":"1"}"#;

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn get_role(stage: &Stage) {
    let role = stage.watched().get_role(DEFAULT_ROLE).await.unwrap();
    assert_eq!((&*role.name, role.arn.to_lowercase()), (DEFAULT_ROLE, role_arn(DEFAULT_ROLE).to_lowercase()));
    assert!(role.trust_policy.contains("actiontrail.aliyuncs.com"), "{}", role.trust_policy);
    refused(stage.session().get_role("absent").await, FaultKind::NotFound, "EntityNotExist.Role");
}

async fn create_role(stage: &Stage) {
    let role = stage.watched().create_role("made", TRUST, "für Prüfungen & more: a+b *~").await.unwrap();
    assert_eq!((&*role.name, &*role.arn), ("made", &*role_arn("made")));
    let again = stage.session().create_role("made", TRUST, "").await;
    refused(again, FaultKind::AlreadyExists, "EntityAlreadyExists.Role");
    let nonsense = stage.session().create_role("other", r#"{"Statement":1}"#, "").await;
    refused(nonsense, FaultKind::Invalid, "MalformedPolicyDocument");
}

async fn update_role(stage: &Stage) {
    stage.session().create_role("made", TRUST, "").await.unwrap();
    stage.watched().update_role("made", OTHER_TRUST).await.unwrap();
    let role = stage.session().get_role("made").await.unwrap();
    assert_eq!(document(&role.trust_policy), document(OTHER_TRUST));
    let absent = stage.session().update_role("absent", OTHER_TRUST).await;
    refused(absent, FaultKind::NotFound, "EntityNotExist.Role");
}

async fn list_policies_for_role(stage: &Stage) {
    let policies = stage.watched().list_policies_for_role(DEFAULT_ROLE).await.unwrap();
    let shown: Vec<_> = policies.iter().map(|policy| (&*policy.name, policy.policy_type)).collect();
    assert_eq!(shown, [(DEFAULT_POLICY, PolicyType::System)]);
    let absent = stage.session().list_policies_for_role("absent").await;
    refused(absent, FaultKind::NotFound, "EntityNotExist.Role");
}

async fn get_policy(stage: &Stage) {
    let policy = stage.watched().get_policy(PolicyType::System, DEFAULT_POLICY).await.unwrap();
    assert_eq!(policy.name, DEFAULT_POLICY);
    assert!(policy.document.contains("innertrail_*"), "{}", policy.document);
    let absent = stage.session().get_policy(PolicyType::Custom, "absent").await;
    refused(absent, FaultKind::NotFound, "EntityNotExist.Policy");
}

async fn get_policy_version(stage: &Stage) {
    let session = stage.session();
    let whole = session.get_policy(PolicyType::System, DEFAULT_POLICY).await.unwrap();
    let version = stage.watched().get_policy_version(PolicyType::System, DEFAULT_POLICY, "v1").await.unwrap();
    assert_eq!((&*version.id, version.is_default), ("v1", true));
    assert_eq!(document(&version.document), document(&whole.document));
    let absent = session.get_policy_version(PolicyType::System, DEFAULT_POLICY, "v99").await;
    refused(absent, FaultKind::NotFound, "EntityNotExist.Policy.Version");
}

async fn attach_policy_to_role(stage: &Stage) {
    let (session, system) = (stage.session(), PolicyType::System);
    session.create_role("made", TRUST, "").await.unwrap();
    stage.watched().attach_policy_to_role(system, DEFAULT_POLICY, "made").await.unwrap();
    assert_eq!(session.list_policies_for_role("made").await.unwrap().len(), 1);
    let again = session.attach_policy_to_role(system, DEFAULT_POLICY, "made").await;
    refused(again, FaultKind::AlreadyExists, "EntityAlreadyExists.Role.Policy");
    let absent = session.attach_policy_to_role(PolicyType::Custom, "absent", "made").await;
    refused(absent, FaultKind::NotFound, "EntityNotExist.Policy");
}

async fn create_service_linked_role(stage: &Stage) {
    let service = "actiontrail.aliyuncs.com";
    let role = stage.watched().create_service_linked_role(service).await.unwrap();
    assert_eq!(role.name, "AliyunServiceRoleForActionTrail");
    let again = stage.session().create_service_linked_role(service).await;
    refused(again, FaultKind::AlreadyExists, "EntityAlreadyExists.Role");
}
