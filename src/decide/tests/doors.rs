//! Shipping that was set up elsewhere, or before: adoption, the other console, and what is known from earlier looks.

use super::*;

fn before(source: TrailSource) -> Before {
    Before { source: Some(source), ..Before::default() }
}

/// An account that lists no trail, with what is known from before and the newest event.
pub(super) fn unlisted(before: Before, newest: Seen<Newest>) -> Observed {
    let delivery = Delivery { newest, error: None, last_delivery: None };
    Observed { trails: Seen::Present(vec![]), before, delivery, ..settled() }
}

#[test]
fn a_setting_of_the_other_console_is_left_alone_while_it_delivers() {
    let fresh = unlisted(Before::default(), newest(true));
    for (adoption, step) in [
        (Adoption::Never, None),
        (Adoption::IfCompatible, None),
        (Adoption::Always, Some(Step::CreateInnerTrail)),
    ] {
        assert_eq!(decide(&Desired { adoption, ..desired() }, &fresh).step, step, "{adoption:?}");
    }
    assert_eq!(decide(&desired(), &fresh).verdicts[2].finding().reason, Reason::Delivering);
}

#[test]
fn events_of_a_trail_that_the_operator_switched_off_are_no_sign_of_another_setting() {
    let explained = unlisted(Before { switched_off: true, ..Before::default() }, newest(true));
    assert_eq!(decide(&desired(), &explained).step, Some(Step::CreateInnerTrail));
}

#[test]
fn a_setting_of_the_other_console_that_fell_silent_is_taken_over_unless_never() {
    let silent = unlisted(before(TrailSource::LogService), newest(false));
    assert_eq!(decide(&desired(), &silent).step, Some(Step::CreateInnerTrail));
    let never = decide(&Desired { adoption: Adoption::Never, ..desired() }, &silent);
    assert_eq!((never.step, never.verdicts[2].finding().reason), (None, Reason::StatusUnavailable));
}

#[test]
fn no_trail_is_made_while_nobody_can_tell_whether_events_arrive_another_way() {
    let hidden = || Seen::Unknown(fault(FaultKind::Unavailable));
    assert_eq!(decide(&desired(), &unlisted(Before::default(), hidden())).step, None);
    let switched_off = unlisted(before(TrailSource::ActionTrail), hidden());
    assert_eq!(decide(&desired(), &switched_off).step, Some(Step::CreateInnerTrail));
}

#[test]
fn a_trail_of_ours_that_is_gone_was_switched_off_however_fresh_its_events() {
    for adoption in [Adoption::Never, Adoption::IfCompatible] {
        let gone = unlisted(before(TrailSource::ActionTrail), newest(true));
        assert_eq!(decide(&Desired { adoption, ..desired() }, &gone).step, Some(Step::CreateInnerTrail));
    }
}

#[test]
fn under_adoption_never_a_trail_of_our_name_counts_only_if_this_object_made_it() {
    let never = Desired { adoption: Adoption::Never, ..desired() };
    let found = |before| decide(&never, &Observed { before, ..settled() });
    let theirs = found(Before::default());
    assert_eq!((theirs.verdicts[2].finding().reason, theirs.step), (Reason::AccountAlreadyClaimed, None));
    assert!(found(before(TrailSource::ActionTrail)).verdicts[2].is_met());
    assert!(found(Before { creating: true, ..Before::default() }).verdicts[2].is_met());
}

#[test]
fn a_trail_in_the_place_of_one_that_recorded_has_overwritten_it_whatever_its_name() {
    for name in ["prod-ops", "their-own"] {
        let trails = Seen::Present(vec![trail(name, "elsewhere", None)]);
        for source in [TrailSource::ActionTrail, TrailSource::LogService] {
            let world = Observed { trails: trails.clone(), before: before(source), ..settled() };
            let reason = decide(&desired(), &world).verdicts[2].finding().reason;
            assert_eq!(reason, Reason::OverwrittenByActionTrailConsole);
        }
    }
    let differs = Seen::Present(vec![trail("prod-ops", "elsewhere", None)]);
    let world = Observed { trails: differs, ..settled() };
    assert_eq!(decide(&desired(), &world).verdicts[2].finding().reason, Reason::DestinationDiffers);
}

#[test]
fn while_a_person_is_to_turn_the_switch_the_index_is_made() {
    let waiting = Observed {
        trails: Seen::Absent,
        index: Seen::Absent,
        delivery: Delivery { newest: Seen::Absent, error: None, last_delivery: None },
        ..settled()
    };
    let console = Desired { control: Control::Console, ..desired() };
    let decision = decide(&console, &waiting);
    assert_eq!(decision.verdicts[2].finding().reason, Reason::AwaitingConsole);
    assert_eq!(decision.step, Some(Step::CreateIndex));
    let unlooked = Desired { index_policy: IndexPolicy::Ignore, ..console };
    let blind = decide(&unlooked, &waiting);
    assert_eq!((blind.verdicts[2].finding().reason, blind.step), (Reason::StatusUnavailable, None));
}

#[test]
fn a_wish_that_cannot_be_carried_out_is_told_and_holds_nothing_up() {
    let short = || Seen::Present(LogstoreSeen { retention_days: 180, shards: 2 });
    let observe = Desired { writes: Writes::Forbidden, ..desired() };
    let seen = decide(&observe, &Observed { logstore: short(), ..settled() });
    let refused = decide(&desired(), &Observed { logstore: short(), retention_refused: true, ..settled() });
    for decision in [seen, refused] {
        assert!(decision.verdicts[1].is_met());
        assert!(decision.verdicts[1].finding().message.contains("`desiredDays` 365"));
    }
}
