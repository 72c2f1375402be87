//! The wire form of the inner operations: what is accepted, what is refused, and that it is data.

use alicloud::{CallError, FaultKind, InnerTrail, NewInnerTrail, ProfileError, WireProfile};
use serde_json::{Value, json};

use crate::support::{Script, ok, only, parameters, session, session_with};

const BUILTIN: &str = include_str!("../../profiles/inner-actiontrail.yaml");

async fn described(body: Value) -> Result<Vec<InnerTrail>, CallError> {
    session(Script::new([ok(body)])).describe_inner_trails().await
}

fn item() -> Value {
    json!({ "Name": "main", "HomeRegion": "cn-hangzhou", "Status": "Enable", "SlsLogStore": "innertrail_main",
        "SlsProjectArn": "acs:log:cn-hangzhou:1:project/my-proj", "SlsWriteRoleArn": "acs:ram::1:role/r",
        "CreateTime": 1_614_580_048_000_u64 })
}

fn trail() -> InnerTrail {
    InnerTrail {
        name: "main".to_owned(),
        home_region: Some("cn-hangzhou".to_owned()),
        sls_project_arn: Some("acs:log:cn-hangzhou:1:project/my-proj".to_owned()),
        sls_logstore: Some("innertrail_main".to_owned()),
        sls_write_role_arn: Some("acs:ram::1:role/r".to_owned()),
        status: Some("Enable".to_owned()),
    }
}

#[test]
fn the_builtin_profile_is_the_file_in_the_repository() {
    assert_eq!(WireProfile::builtin(), WireProfile::parse(BUILTIN).unwrap());
}

#[tokio::test]
async fn every_form_of_the_list_is_accepted() {
    let forms = [
        json!({ "TrailList": [item()] }),
        json!({ "InnerTrailList": [item()] }),
        json!({ "Trails": [item()] }),
        json!({ "Trail": [item()] }),
        json!({ "TrailList": { "Trail": [item()] } }),
        json!({ "Trails": { "Trail": [item()] } }),
        json!({ "InnerTrailList": { "InnerTrail": [item()] } }),
    ];
    for form in forms {
        assert_eq!(described(form.clone()).await.unwrap(), [trail()], "{form}");
    }
}

#[tokio::test]
async fn an_empty_list_is_no_trail() {
    assert_eq!(described(json!({ "RequestId": "R", "TrailList": [] })).await.unwrap(), []);
}

#[tokio::test]
async fn a_reply_without_a_readable_list_is_never_an_empty_one() {
    let forms = [
        json!({ "RequestId": "R" }),
        json!({ "TrailList": null }),
        json!({ "TrailList": "" }),
        json!({ "TrailList": {} }),
        json!({ "TrailList": { "Trail": null } }),
        json!({ "TrailList": [], "InnerTrailList": [item()] }),
        json!({ "TrailList": [{ "HomeRegion": "cn-hangzhou" }] }),
        json!({ "TrailList": [{ "Name": "" }] }),
        json!({ "TrailList": [{ "Name": "main", "SlsProjectArn": ["a"] }] }),
        json!({ "TrailList": ["main"] }),
        json!([]),
        json!(null),
    ];
    for form in forms {
        let fault = described(form.clone()).await.unwrap_err().fault();
        assert_eq!((fault.kind, fault.ambiguous), (FaultKind::Unexpected, false), "{form}");
    }
}

#[tokio::test]
async fn an_unreadable_list_names_its_request() {
    let fault = described(json!({ "RequestId": "R-7" })).await.unwrap_err().fault();
    assert_eq!(fault.request_id.as_deref(), Some("R-7"));
}

#[tokio::test]
async fn fields_that_are_absent_are_not_made_up() {
    let read =
        described(json!({ "TrailList": [{ "Name": "main", "Status": null, "HomeRegion": "" }] })).await;
    let expected = InnerTrail {
        name: "main".to_owned(),
        home_region: None,
        sls_project_arn: None,
        sls_logstore: None,
        sls_write_role_arn: None,
        status: None,
    };
    assert_eq!(read.unwrap(), [expected]);
}

/// The built-in profile with other names everywhere.
fn other_profile() -> WireProfile {
    let yaml = BUILTIN
        .replace("2020-07-06\"", "2031-01-01\"")
        .replace("action: CreateInnerTrail", "action: EnableInnerTrail")
        .replace("name: Name\n", "name: TrailName\n")
        .replace("slsLogstore: SlsLogStore", "slsLogstore: LogStoreName")
        .replace("[TrailList, InnerTrailList, Trails, Trail]", "[Items]")
        .replace("TrailNotFoundException: notFound", "Trail.Gone: notFound");
    WireProfile::parse(&yaml).unwrap()
}

#[tokio::test]
async fn another_profile_changes_what_is_sent() {
    let script = Script::new([ok(json!({}))]);
    let trail = NewInnerTrail {
        name: "main".to_owned(),
        sls_project_arn: "p".to_owned(),
        sls_write_role_arn: "r".to_owned(),
        sls_logstore: Some("l".to_owned()),
    };
    session_with(script.clone(), other_profile()).create_inner_trail(&trail).await.unwrap();
    let request = only(&script);
    assert_eq!(request.headers()["x-acs-action"], "EnableInnerTrail");
    assert_eq!(request.headers()["x-acs-version"], "2031-01-01");
    let names: Vec<String> = parameters(&request).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Format", "LogStoreName", "SlsProjectArn", "SlsWriteRoleArn", "TrailName"]);
}

#[tokio::test]
async fn another_profile_changes_which_list_is_read() {
    let answers = [ok(json!({ "Items": [] })), ok(json!({ "TrailList": [] }))];
    let session = session_with(Script::new(answers), other_profile());
    assert_eq!(session.describe_inner_trails().await.unwrap(), []);
    assert!(session.describe_inner_trails().await.is_err());
}

#[tokio::test]
async fn another_profile_changes_what_a_code_means() {
    let refusal = |code: &str| {
        let body = json!({ "Code": code, "Message": "m" }).to_string();
        Ok(http::Response::builder().status(404).body(body.into()).unwrap())
    };
    let answers = [refusal("Trail.Gone"), refusal("TrailNotFoundException")];
    let session = session_with(Script::new(answers), other_profile());
    assert_eq!(session.delete_inner_trail("main").await.unwrap_err().fault().kind, FaultKind::NotFound);
    assert_eq!(session.delete_inner_trail("main").await.unwrap_err().fault().kind, FaultKind::Unexpected);
}

async fn meaning(profile: WireProfile, code: &str) -> FaultKind {
    let body = json!({ "Code": code, "Message": "m" }).to_string();
    let reply = http::Response::builder().status(400).body(body.into()).unwrap();
    let session = session_with(Script::new([Ok(reply)]), profile);
    session.delete_inner_trail("main").await.unwrap_err().fault().kind
}

#[tokio::test]
async fn a_code_that_nobody_has_seen_is_read_by_its_family() {
    let expected = [
        ("NotAllowCreateInnerTrail", FaultKind::FeatureNotGranted),
        ("NotAllowQueryInnerTrail", FaultKind::FeatureNotGranted),
        ("MaximumNumberOfInnerTrailsExceededException", FaultKind::QuotaExceeded),
        ("MaximumNumberOfInnerTrailExceeded", FaultKind::QuotaExceeded),
        ("NotAllow", FaultKind::Unexpected),
    ];
    for (code, kind) in expected {
        assert_eq!(meaning(WireProfile::builtin(), code).await, kind, "{code}");
    }
}

#[tokio::test]
async fn a_family_counts_after_codes_of_the_gateway_and_longer_families() {
    let yaml =
        BUILTIN.replace("  NotAllow*:", "  Invalid*: quotaExceeded\n  InvalidTrail*: foreign\n  NotAllow*:");
    let profile = WireProfile::parse(&yaml).unwrap();
    let expected = [
        ("InvalidAccessKeyId.NotFound", FaultKind::CredentialsInvalid),
        ("InvalidTrailNameException", FaultKind::Invalid),
        ("InvalidTrailX", FaultKind::Foreign),
        ("InvalidX", FaultKind::QuotaExceeded),
    ];
    for (code, kind) in expected {
        assert_eq!(meaning(profile.clone(), code).await, kind, "{code}");
    }
}

#[test]
fn a_family_of_everything_or_with_two_stars_is_refused() {
    assert!(matches!(broken("  NotAllow*:", "  \"*\":"), ProfileError::Name(_)));
    assert!(matches!(broken("  NotAllow*:", "  Not*All*:"), ProfileError::Name(_)));
    assert!(matches!(broken("name: Name\n", "name: Na*me\n"), ProfileError::Name(_)));
}

fn broken(from: &str, to: &str) -> ProfileError {
    assert!(BUILTIN.contains(from), "{from}");
    WireProfile::parse(&BUILTIN.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn an_unknown_key_is_refused() {
    assert!(matches!(broken("create:", "creates:"), ProfileError::Form(_)));
    assert!(matches!(broken("  wrappers:", "  wrapers:"), ProfileError::Form(_)));
}

#[test]
fn an_unknown_meaning_is_refused() {
    assert!(matches!(broken(": notFound", ": gone"), ProfileError::Form(_)));
}

#[test]
fn a_name_that_could_break_a_request_is_refused() {
    assert!(matches!(broken("action: DeleteInnerTrail", "action: \"Delete\\nX\""), ProfileError::Name(_)));
    assert!(matches!(broken("action: DeleteInnerTrail", "action: \"\""), ProfileError::Name(_)));
}

#[test]
fn a_profile_that_accepts_no_list_is_refused() {
    let none = broken("[TrailList, InnerTrailList, Trails, Trail]", "[]");
    assert!(matches!(none, ProfileError::NoNames("lists")));
    assert!(matches!(broken("[Name, TrailName]", "[]"), ProfileError::NoNames("name")));
}

#[test]
fn a_code_with_two_meanings_is_refused() {
    let twice =
        broken("  NeedRamAuthorize: denied", "  NeedRamAuthorize: denied\n  needramauthorize: invalid");
    assert!(matches!(twice, ProfileError::Repeated(_)));
    let same = broken("  NeedRamAuthorize: denied", "  NeedRamAuthorize: denied\n  NeedRamAuthorize: denied");
    assert!(matches!(same, ProfileError::Form(_)));
}
