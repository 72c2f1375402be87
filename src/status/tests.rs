//! What the status promises, whatever the reports.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::decide::{Finding, Step};
use crate::report::{Intended, Pace};

const STAGES: [&str; 4] = ["Authorized", "LogstoreReady", "Shipping", "Indexed"];

fn show(kind: &'static str, state: State, reason: Reason) -> Shown {
    Shown { kind, state, reason, message: format!("{kind} because {}", reason.as_str()), progressing: false }
}

fn report(states: [State; 4]) -> Report {
    let reason = |state| match state {
        State::True => Reason::Available,
        State::False => Reason::DestinationDiffers,
        State::Unknown => Reason::Unavailable,
    };
    let shown: Vec<Shown> =
        STAGES.into_iter().zip(states).map(|(kind, state)| show(kind, state, reason(state))).collect();
    let open = states.into_iter().find(|state| *state != State::True).unwrap_or(State::True);
    Report {
        stages: shown.try_into().unwrap(),
        ready: show(condition::READY, open, reason(open)),
        abnormal: Vec::new(),
        stage: "Ready",
        facts: Facts::default(),
        error: None,
        intended: None,
        pace: Pace::Interval,
    }
}

fn pass(now: Timestamp) -> Pass<'static> {
    let not_before = now + SignedDuration::from_secs(12);
    Pass { generation: 3, requested_at: None, now, not_before, secret_in_use: None }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::True), Just(State::False), Just(State::Unknown)]
}

fn states() -> impl Strategy<Value = [State; 4]> {
    [state(), state(), state(), state()]
}

proptest! {
    #[test]
    fn rendering_the_same_report_again_is_not_worth_writing(states in states(), later in 1_i64..3000) {
        let first = render(&InnerTrailStatus::default(), &report(states), &pass(at(1000)));
        let again = render(&first, &report(states), &pass(at(1000 + later)));
        prop_assert!(!worth_writing(&first, &again));
    }

    #[test]
    fn a_transition_time_moves_only_with_the_status(before in states(), after in states()) {
        let first = render(&InnerTrailStatus::default(), &report(before), &pass(at(1000)));
        let next = render(&first, &report(after), &pass(at(2000)));
        for (old, new) in first.conditions.iter().zip(&next.conditions) {
            prop_assert_eq!(old.status == new.status, old.last_transition_time == new.last_transition_time);
        }
    }

    #[test]
    fn every_condition_carries_the_generation_that_was_judged(states in states()) {
        let status = render(&InnerTrailStatus::default(), &report(states), &pass(at(1)));
        prop_assert!(status.conditions.iter().all(|condition| condition.observed_generation == Some(3)));
        prop_assert_eq!(status.conditions.len(), 5);
    }
}

#[test]
fn a_new_request_id_of_the_same_failure_is_not_worth_writing() {
    let failing = |request_id: &str| {
        let fault = alicloud::Fault {
            kind: alicloud::FaultKind::Unavailable,
            service: alicloud::Service::Sts,
            action: "GetCallerIdentity",
            ram_action: "sts:GetCallerIdentity",
            host: String::new(),
            code: None,
            request_id: Some(request_id.to_owned()),
            retry_after: None,
            ambiguous: false,
        };
        Report { error: Some(("Authorized", fault)), ..report([State::Unknown; 4]) }
    };
    let first = render(&InnerTrailStatus::default(), &failing("a"), &pass(at(1)));
    assert!(!worth_writing(&first, &render(&first, &failing("b"), &pass(at(60)))));
}

#[test]
fn an_unchanged_object_is_verified_in_writing_once_an_hour() {
    let first = render(&InnerTrailStatus::default(), &report([State::True; 4]), &pass(at(0)));
    let worth = |second| worth_writing(&first, &render(&first, &report([State::True; 4]), &pass(at(second))));
    assert_eq!((worth(3599), worth(3600)), (false, true));
}

#[test]
fn an_intent_whose_reply_was_lost_keeps_its_time() {
    let intended = Some(Intended { step: Step::CreateLogstore, target: "Logstore p/l".to_owned() });
    let announced = Report { intended, ..report([State::True; 4]) };
    let first = render(&InnerTrailStatus::default(), &announced, &pass(at(100)));
    let lost = Report { pace: Pace::Intent, ..announced };
    let next = render(&first, &lost, &pass(at(109)));
    assert_eq!(next.intent.map(|intent| intent.not_before.0), Some(at(112)));
    assert_eq!(render(&first, &report([State::True; 4]), &pass(at(109))).intent, None);
}

#[test]
fn during_deletion_no_stage_is_claimed() {
    let first = render(&InnerTrailStatus::default(), &report([State::True; 4]), &pass(at(1)));
    let blocked = crate::decide::absence::Absence::Blocked(Finding::new(Reason::DeletionBlocked, "why"));
    let later = Pass { generation: 4, ..pass(at(2)) };
    let next = render(&first, &Report::deleting(&blocked, None), &later);
    let shown: Vec<(&str, Option<i64>)> =
        next.conditions.iter().map(|one| (one.status.as_str(), one.observed_generation)).collect();
    let unknown = ("Unknown", Some(4));
    assert_eq!(shown, [unknown, unknown, unknown, unknown, ("False", Some(4))]);
    assert_eq!(next.conditions[4].reason, "DeletionBlocked");
}
