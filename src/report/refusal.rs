//! What the cloud's answer to a change means, where the fault alone does not tell: it depends on the step.
//!
//! Takes the step and the fault, puts a verdict in the place of the one that called for the step.

use alicloud::{Fault, FaultKind};

use crate::api::reasons::Reason;
use crate::decide::{Finding, Stage, Step, Verdict, blame, is_account_level};

/// Codes with which ActionTrail says that the role, seen in order a moment ago, does not let it in: propagation
/// (`cloud-api.md` §7).
const ROLE_CODES: [&str; 2] = ["NeedRamAuthorize", "InsufficientSlsPolicyException"];
/// Code with which ActionTrail says that it does not see the project, seen in order a moment ago.
const PROJECT_UNSEEN: &str = "SlsProjectDoesNotExistException";

/// Puts what the cloud answered to the step where it belongs: on the step's stage, or on `Authorized` when it says
/// something about the caller or the account.
pub(super) fn overlay(verdicts: &mut [Verdict; 4], step: &Step, fault: &Fault) {
    let by_step = told(step, fault);
    let is_about_account = by_step.is_none() && is_account_level(fault.kind);
    let stage = if is_about_account { Stage::Authorized } else { step.stage() };
    let mut finding = blame(fault);
    if let Some((reason, message)) = by_step {
        finding.reason = reason;
        message.clone_into(&mut finding.message);
    }
    verdicts[stage as usize] = Verdict::Blocked(finding);
}

/// What an answer means to this step in particular.
fn told(step: &Step, fault: &Fault) -> Option<(Reason, &'static str)> {
    let code = fault.code.as_deref().unwrap_or_default();
    match (step, fault.kind) {
        (Step::CreateInnerTrail, FaultKind::QuotaExceeded | FaultKind::AlreadyExists) => Some((
            Reason::AccountAlreadyClaimed,
            "the account's one inner trail exists already, where this region does not show it; cloud admin: delete it there",
        )),
        (Step::CreateInnerTrail, FaultKind::Denied) if ROLE_CODES.contains(&code) => Some((
            Reason::Settling,
            "ActionTrail does not see the role, or what it may do, yet; the operator looks again",
        )),
        (Step::CreateInnerTrail, FaultKind::Invalid) if code == PROJECT_UNSEEN => {
            Some((Reason::Settling, "ActionTrail does not see the project yet; the operator looks again"))
        }
        (Step::CreateProject, FaultKind::AlreadyExists) => Some((
            Reason::ProjectNameTakenElsewhere,
            "the project name is taken where this account does not see it; choose another name",
        )),
        _ => None,
    }
}

/// The verdict on a change that was made and is not visible yet.
pub(super) fn unseen(step: &Step) -> Verdict {
    let message = format!("{} is accepted but not visible yet; the operator looks again", step.name());
    Verdict::Blocked(Finding::new(Reason::Settling, message))
}

#[cfg(test)]
mod tests {
    use alicloud::Service;

    use super::*;

    fn refused(step: &Step, kind: FaultKind, code: &str) -> [Reason; 4] {
        let fault = Fault {
            kind,
            service: Service::ActionTrail,
            action: "CreateInnerTrail",
            ram_action: "actiontrail:CreateInnerTrail",
            host: String::new(),
            code: Some(code.to_owned()),
            request_id: None,
            retry_after: None,
            ambiguous: false,
        };
        let met = || Verdict::Met(Finding::new(Reason::Recording, ""));
        let mut verdicts = [met(), met(), met(), met()];
        overlay(&mut verdicts, step, &fault);
        verdicts.map(|verdict| verdict.finding().reason)
    }

    #[test]
    fn a_denied_change_is_the_callers_matter() {
        let reasons = refused(&Step::CreateInnerTrail, FaultKind::Denied, "NoPermission");
        assert_eq!((reasons[0], reasons[2]), (Reason::AccessDenied, Reason::Recording));
    }

    #[test]
    fn a_role_that_actiontrail_does_not_see_yet_settles() {
        let reasons = refused(&Step::CreateInnerTrail, FaultKind::Denied, "NeedRamAuthorize");
        assert_eq!((reasons[0], reasons[2]), (Reason::Recording, Reason::Settling));
    }

    #[test]
    fn a_trail_that_exists_unseen_claims_the_account() {
        let reasons =
            refused(&Step::CreateInnerTrail, FaultKind::AlreadyExists, "TrailAlreadyExistsException");
        assert_eq!(reasons[2], Reason::AccountAlreadyClaimed);
    }
}
