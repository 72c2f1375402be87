//! The state machine, over every combination of small worlds and specs.

use std::collections::BTreeMap;
use std::time::Duration;

use alicloud::{Fault, FaultKind, Service};
use jiff::Timestamp;

use super::*;
use crate::api::{Adoption, Control, Create, IndexPolicy, TrailSource};
use crate::desired::{CredentialsWanted, Retention, RoleWanted};
use crate::observed::{
    Before, Caller, Delivery, IndexSeen, LogstoreSeen, Newest, Rival, RoleSeen, Seen, Ships, TrailSeen,
};

mod doors;

use doors::unlisted;

const ACCOUNT: &str = "1234567890123456";
const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["actiontrail.aliyuncs.com"]}}]}"#;
const POLICY: &str = r#"{"Statement":[{"Effect":"Allow","Action":"log:PostLogStoreLogs","Resource":"acs:log:*:*:project/*/logstore/innertrail_*"}]}"#;

fn fault(kind: FaultKind) -> Fault {
    Fault {
        kind,
        service: Service::Sls,
        action: "GetLogStore",
        ram_action: "log:GetLogStore",
        host: "h".to_owned(),
        code: None,
        request_id: None,
        retry_after: None,
        ambiguous: false,
    }
}

fn desired() -> Desired {
    Desired {
        region: "cn-hangzhou".to_owned(),
        trail_name: "prod-ops".to_owned(),
        account_guard: None,
        credentials: CredentialsWanted::default(),
        role: RoleWanted { name: "AliyunActionTrailDefaultRole".to_owned(), manage: true },
        project: "my-audit".to_owned(),
        logstore: "innertrail_prod-ops".to_owned(),
        create: Create::ProjectAndLogstore,
        retention: Retention { min_days: Some(180), desired_days: Some(365) },
        index_policy: IndexPolicy::Additive,
        writes: Writes::Allowed,
        control: Control::Api,
        enabled: true,
        suspended: false,
        adoption: Adoption::IfCompatible,
        interval: Duration::from_mins(5),
    }
}

fn role(trust: &str, policies: &[(&str, &str)]) -> Seen<RoleSeen> {
    let policies = policies.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Seen::Present(RoleSeen { arn: "acs:ram::1:role/r".to_owned(), trust_policy: trust.to_owned(), policies })
}

fn trail(name: &str, project: &str, enabled: Option<bool>) -> TrailSeen {
    TrailSeen {
        name: name.to_owned(),
        home_region: None,
        project_arn: Some(crate::desired::project_arn("cn-hangzhou", ACCOUNT, project)),
        logstore: Some("innertrail_prod-ops".to_owned()),
        enabled,
    }
}

fn index(document: &serde_json::Value) -> IndexSeen {
    let keys = document["keys"].as_object().cloned().unwrap_or_default();
    let fields = fields_of(keys.into_iter().map(|(name, _)| (name, "text".to_owned(), true)));
    IndexSeen { full_text: document["line"].is_object(), fields }
}

fn newest(fresh: bool) -> Seen<Newest> {
    Seen::Present(Newest { time: Timestamp::UNIX_EPOCH, fresh })
}

/// A world in which everything is as the spec asks.
fn settled() -> Observed {
    Observed {
        caller: Seen::Present(Caller { account: ACCOUNT.to_owned(), arn: "acs:ram::1:root".to_owned() }),
        role: role(TRUST, &[(DELIVERY_POLICY, POLICY)]),
        trails: Seen::Present(vec![trail("prod-ops", "my-audit", None)]),
        project: Seen::Present(()),
        logstore: Seen::Present(LogstoreSeen { retention_days: 365, shards: 2 }),
        index: Seen::Present(index(&platform_event_index(None))),
        delivery: Delivery { newest: newest(true), error: None, last_delivery: None },
        rivals: Vec::new(),
        retention_refused: false,
        before: Before::default(),
    }
}

fn roles() -> Vec<Seen<RoleSeen>> {
    vec![
        Seen::Absent,
        role("{}", &[(DELIVERY_POLICY, POLICY)]),
        role(TRUST, &[]),
        role(TRUST, &[(DELIVERY_POLICY, POLICY)]),
        Seen::Unknown(fault(FaultKind::Denied)),
    ]
}

fn trail_lists() -> Vec<Seen<Vec<TrailSeen>>> {
    vec![
        Seen::Present(vec![]),
        Seen::Present(vec![trail("prod-ops", "my-audit", None)]),
        Seen::Present(vec![trail("prod-ops", "my-audit", Some(false))]),
        Seen::Present(vec![trail("prod-ops", "elsewhere", None)]),
        Seen::Present(vec![trail("other-one", "elsewhere", None)]),
        Seen::Unknown(fault(FaultKind::Throttled)),
        Seen::Unknown(fault(FaultKind::FeatureNotGranted)),
    ]
}

fn worlds() -> Vec<Observed> {
    let short = index(&serde_json::json!({"line": {}, "keys": {"EventID": {}}}));
    let mut all = vec![];
    for role in roles() {
        for trails in trail_lists() {
            for project in [Seen::Absent, Seen::Present(()), Seen::Unknown(fault(FaultKind::Foreign))] {
                for days in [None, Some(30), Some(365)] {
                    for index in [Seen::Absent, Seen::Present(short.clone()), settled().index] {
                        for newest in [
                            Seen::Absent,
                            newest(true),
                            newest(false),
                            Seen::Unknown(fault(FaultKind::Unavailable)),
                        ] {
                            let logstore = days.map_or(Seen::Absent, |retention_days| {
                                Seen::Present(LogstoreSeen { retention_days, shards: 2 })
                            });
                            let (role, trails, project, index) =
                                (role.clone(), trails.clone(), project.clone(), index.clone());
                            let delivery = Delivery { newest, error: None, last_delivery: None };
                            all.push(Observed {
                                role,
                                trails,
                                project,
                                logstore,
                                index,
                                delivery,
                                ..settled()
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

fn specs() -> Vec<Desired> {
    let mut all = vec![];
    for adoption in [Adoption::IfCompatible, Adoption::Always, Adoption::Never] {
        for (manage, create, enabled) in [
            (true, Create::ProjectAndLogstore, true),
            (false, Create::None, true),
            (false, Create::Logstore, false),
        ] {
            let role = RoleWanted { manage, ..desired().role };
            all.push(Desired { role, create, enabled, adoption, ..desired() });
        }
    }
    all.push(Desired { writes: Writes::Forbidden, ..desired() });
    all
}

/// Runs `check` on every spec in every world.
fn everywhere(check: impl Fn(&Desired, &Observed, &Decision)) {
    let worlds = worlds();
    for desired in specs() {
        for observed in &worlds {
            check(&desired, observed, &decide(&desired, observed));
        }
    }
}

#[test]
fn a_step_is_chosen_exactly_when_the_first_open_stage_is_unmet_and_writes_are_allowed() {
    everywhere(|desired, _, decision| {
        let unmet = matches!(decision.first_open(), Some((_, Verdict::Unmet(..))));
        if desired.enabled {
            assert_eq!(decision.step.is_some(), unmet && desired.writes == Writes::Allowed);
        }
    });
}

#[test]
fn no_step_skips_a_stage_but_the_one_that_switches_off_as_asked() {
    everywhere(|desired, _, decision| {
        let switches_off = !desired.enabled && matches!(decision.step, Some(Step::DeleteInnerTrail(_)));
        if let Some(step) = decision.step.as_ref().filter(|_| !switches_off) {
            assert_eq!(decision.first_open().map(|(stage, _)| stage), Some(step.stage()));
        }
    });
}

#[test]
fn nothing_that_is_open_before_it_keeps_shipping_on_where_it_is_not_wanted() {
    everywhere(|desired, observed, decision| {
        let ours = ours(desired, observed).map(|trail| Step::DeleteInnerTrail(trail.name.clone()));
        if !desired.enabled && desired.writes == Writes::Allowed && ours.is_some() {
            assert_eq!(decision.step, ours);
        }
    });
}

#[test]
fn a_trail_that_is_not_ours_is_deleted_only_under_always() {
    everywhere(|desired, observed, decision| {
        let elsewhere = observed.trails.present().is_some_and(|trails| {
            trails.iter().any(|t| t.ships_to(&desired.project_arn(ACCOUNT), &desired.logstore) != Ships::Here)
        });
        if matches!(decision.step, Some(Step::DeleteInnerTrail(_))) && elsewhere {
            assert_eq!(desired.adoption, Adoption::Always);
        }
    });
}

#[test]
fn nothing_is_created_on_an_unknown_observation() {
    everywhere(|_, observed, decision| {
        let hidden = match decision.step {
            Some(Step::CreateProject) => observed.project.fault(),
            Some(Step::CreateLogstore) => observed.logstore.fault(),
            Some(Step::CreateInnerTrail) => observed.trails.fault(),
            Some(Step::CreateIndex | Step::UpdateIndex) => observed.index.fault(),
            Some(Step::CreateRole) => observed.role.fault(),
            _ => None,
        };
        assert_eq!(hidden, None);
    });
}

#[test]
fn delivering_is_never_said_without_a_fresh_event() {
    everywhere(|_, observed, decision| {
        if decision.verdicts[2].finding().reason == Reason::Delivering {
            assert!(observed.delivery.newest.present().is_some_and(|newest| newest.fresh));
        }
    });
}

/// What the cloud would show after a step.
fn after(step: &Step, desired: &Desired, mut observed: Observed) -> Observed {
    match step {
        Step::CreateRole | Step::UpdateRoleTrust => {
            let policies = observed.role.present().map_or_else(BTreeMap::new, |role| role.policies.clone());
            observed.role =
                Seen::Present(RoleSeen { arn: String::new(), trust_policy: TRUST.to_owned(), policies });
        }
        Step::AttachRolePolicy => observed.role = settled().role,
        Step::CreateProject => observed.project = Seen::Present(()),
        Step::CreateLogstore => {
            let retention_days = desired.retention.days_at_creation();
            observed.logstore = Seen::Present(LogstoreSeen { retention_days, shards: 2 });
        }
        Step::UpdateRetention(days) => {
            observed.logstore = Seen::Present(LogstoreSeen { retention_days: *days, shards: 2 });
        }
        Step::CreateInnerTrail => observed.trails = settled().trails,
        Step::DeleteInnerTrail(_) => observed.trails = Seen::Present(vec![]),
        Step::CreateIndex | Step::UpdateIndex => observed.index = settled().index,
    }
    observed
}

#[test]
fn every_world_comes_to_rest_within_eight_steps() {
    let worlds = worlds();
    for desired in specs() {
        for observed in &worlds {
            let mut world = observed.clone();
            let mut steps = 0;
            while let Some(step) = decide(&desired, &world).step {
                world = after(&step, &desired, world);
                steps += 1;
                assert!(steps <= 8, "no rest for {desired:?} in {observed:?}");
            }
        }
    }
}

#[test]
fn an_empty_account_becomes_ready() {
    let mut world = Observed {
        role: Seen::Absent,
        trails: Seen::Present(vec![]),
        project: Seen::Absent,
        logstore: Seen::Absent,
        index: Seen::Absent,
        delivery: Delivery { newest: Seen::Absent, error: None, last_delivery: None },
        ..settled()
    };
    let mut steps = vec![];
    while let Some(step) = decide(&desired(), &world).step {
        world = after(&step, &desired(), world);
        steps.push(step.name());
    }
    assert_eq!(
        steps,
        [
            "CreateRole",
            "AttachRolePolicy",
            "CreateProject",
            "CreateLogstore",
            "CreateInnerTrail",
            "CreateIndex"
        ]
    );
    assert!(decide(&desired(), &world).verdicts.iter().all(Verdict::is_met));
}

#[test]
fn denied_calls_are_named_one_by_one() {
    let denied = |ram_action| Seen::Unknown(Fault { ram_action, ..fault(FaultKind::Denied) });
    let observed = Observed {
        project: Seen::Unknown(Fault { ram_action: "log:GetProject", ..fault(FaultKind::Denied) }),
        logstore: denied("log:GetLogStore"),
        ..settled()
    };
    let decision = decide(&desired(), &observed);
    let finding = decision.verdicts[0].finding();
    assert_eq!(finding.reason, Reason::AccessDenied);
    assert!(finding.message.contains("`log:GetLogStore`, `log:GetProject`"), "{}", finding.message);
}

#[test]
fn credentials_of_another_account_stop_everything() {
    let guarded = Desired { account_guard: Some("9999999999999999".to_owned()), ..desired() };
    let decision = decide(&guarded, &settled());
    assert_eq!((decision.verdicts[0].finding().reason, decision.step), (Reason::WrongAccount, None));
}

#[test]
fn a_logstore_the_stock_policy_does_not_cover_is_named() {
    let named = Desired { logstore: "audit".to_owned(), ..desired() };
    let finding = decide(&named, &settled()).verdicts[0].finding().clone();
    assert_eq!(finding.reason, Reason::RolePolicyMissing);
    assert!(finding.message.contains("`audit`"));
}

#[test]
fn logs_are_never_kept_shorter_than_they_are() {
    let observed =
        Observed { logstore: Seen::Present(LogstoreSeen { retention_days: 3650, shards: 2 }), ..settled() };
    assert_eq!(decide(&desired(), &observed).step, None);
}

#[test]
fn a_refused_retention_wish_is_not_tried_again_but_the_floor_still_holds() {
    let short = |retention_days| Observed {
        logstore: Seen::Present(LogstoreSeen { retention_days, shards: 2 }),
        retention_refused: true,
        ..settled()
    };
    assert!(decide(&desired(), &short(200)).verdicts[1].is_met());
    assert_eq!(decide(&desired(), &short(100)).verdicts[1].finding().reason, Reason::RetentionTooShort);
}

#[test]
fn the_elder_of_two_claimants_ships() {
    let rival = |elder| Rival {
        key: "other/one".to_owned(),
        elder,
        trail_name: "other-one".to_owned(),
        destination: "p/l".to_owned(),
    };
    let none = |elder| Observed { rivals: vec![rival(elder)], ..unlisted(Before::default(), Seen::Absent) };
    assert_eq!(decide(&desired(), &none(true)).verdicts[2].finding().reason, Reason::AccountAlreadyClaimed);
    assert_eq!(decide(&desired(), &none(false)).step, Some(Step::CreateInnerTrail));
}

#[test]
fn under_control_console_only_evidence_counts() {
    let console = Desired { control: Control::Console, ..desired() };
    let reason = |newest| {
        let delivery = Delivery { newest, error: None, last_delivery: None };
        decide(&console, &Observed { trails: Seen::Absent, delivery, ..settled() }).verdicts[2]
            .finding()
            .reason
    };
    assert_eq!(reason(Seen::Absent), Reason::AwaitingConsole);
    assert_eq!(reason(newest(true)), Reason::Delivering);
    assert_eq!(reason(newest(false)), Reason::StatusUnavailable);
}

#[test]
fn an_index_keeps_what_others_added() {
    let existing = serde_json::json!({"line": {"token": [","]}, "keys": {"mine": {"type": "long"}}, "max_text_len": 4096});
    let updated = platform_event_index(Some(&existing));
    assert_eq!(
        (&updated["keys"]["mine"], &updated["max_text_len"], &updated["line"]),
        (&existing["keys"]["mine"], &existing["max_text_len"], &existing["line"])
    );
    assert!(IndexGap::of(&index(&updated)).missing.is_empty());
}

/// Another object that asks for the very trail of [`settled`].
fn twin(elder: bool) -> Rival {
    Rival {
        key: "other/prod-ops".to_owned(),
        elder,
        trail_name: "prod-ops".to_owned(),
        destination: "my-audit/innertrail_prod-ops".to_owned(),
    }
}

#[test]
fn a_trail_that_another_object_asks_for_is_never_deleted() {
    for elder in [true, false] {
        let held = Observed { rivals: vec![twin(elder)], ..settled() };
        let off = Desired { enabled: false, ..desired() };
        assert_eq!(decide(&off, &held).step, None);
        let elsewhere = Desired { project: "mine".to_owned(), adoption: Adoption::Always, ..desired() };
        assert_eq!(decide(&elsewhere, &held).step, None);
    }
}

#[test]
fn a_trail_of_our_name_that_does_not_say_where_it_ships_is_ours() {
    let silent = TrailSeen { project_arn: None, logstore: None, ..trail("prod-ops", "my-audit", None) };
    let observed = Observed { trails: Seen::Present(vec![silent]), ..settled() };
    assert!(decide(&desired(), &observed).verdicts[2].is_met());
}
