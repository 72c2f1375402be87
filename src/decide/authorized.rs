//! Stage 1: may the caller act, is the feature granted, may ActionTrail deliver.

use alicloud::{Fault, FaultKind};

use super::{Step, Verdict, blame, is_account_level, policy};
use crate::api::names::DEFAULT_ROLE;
use crate::api::reasons::Reason;
use crate::desired::Desired;
use crate::observed::{Caller, Observed, RoleSeen, Seen};

/// The system policy that lets ActionTrail deliver (`cloud-api.md` §3.1, v11 of 2021-05-25).
pub(crate) const DELIVERY_POLICY: &str = "AliyunActionTrailRolePolicy";

/// Where the main account authorises ActionTrail once (`cloud-api.md` §1.3).
const ROLE_AUTHORIZE_URL: &str = "https://ram.console.aliyun.com/#/role/authorize?request=%7B%22Requests%22%3A%7B%22request1%22%3A%7B%22RoleName%22%3A%22AliyunActionTrailDefaultRole%22%2C%22TemplateId%22%3A%22DefaultRole%22%7D%7D%2C%22Service%22%3A%22ActionTrail%22%7D";

pub(super) fn judge(desired: &Desired, observed: &Observed) -> Verdict {
    let caller = match &observed.caller {
        Seen::Present(caller) => caller,
        Seen::Unknown(fault) => return Verdict::Blocked(blame(fault)),
        Seen::Absent => {
            return Verdict::blocked(Reason::CredentialsMissing, "no access key; cluster admin: supply one");
        }
    };
    if let Some(guard) = desired.account_guard.as_deref().filter(|guard| *guard != caller.account) {
        return Verdict::blocked(Reason::WrongAccount, wrong_account(guard, caller));
    }
    if let Some(verdict) = account_fault(observed) {
        return verdict;
    }
    match &observed.role {
        Seen::Unknown(fault) => Verdict::Blocked(blame(fault)),
        Seen::Absent => role_missing(desired),
        Seen::Present(role) => judge_role(desired, caller, role),
    }
}

/// Whether the credentials are known to belong to the account that the spec is about.
pub(super) fn is_right_account(desired: &Desired, observed: &Observed) -> bool {
    let guard = desired.account_guard.as_ref();
    observed.caller.present().is_some_and(|caller| guard.is_none_or(|guard| *guard == caller.account))
}

fn wrong_account(guard: &str, caller: &Caller) -> String {
    format!(
        "the credentials belong to account `{}` but `spec.accountId` is `{guard}`; author of the InnerTrail: use \
         credentials of that account or correct the field",
        caller.account
    )
}

/// A fault that concerns the account as a whole, met by any call. Denied calls are named together.
fn account_fault(observed: &Observed) -> Option<Verdict> {
    let faults: Vec<&Fault> = [
        observed.role.fault(),
        observed.project.fault(),
        observed.logstore.fault(),
        observed.trails.fault(),
        observed.index.fault(),
        observed.delivery.newest.fault(),
    ]
    .into_iter()
    .flatten()
    .filter(|fault| is_account_level(fault.kind))
    .collect();
    let worst = faults.iter().find(|fault| fault.kind != FaultKind::Denied).or_else(|| faults.first())?;
    if worst.kind != FaultKind::Denied {
        return Some(Verdict::Blocked(blame(worst)));
    }
    let mut actions: Vec<String> = faults.iter().map(|fault| format!("`{}`", fault.ram_action)).collect();
    actions.sort();
    actions.dedup();
    let mut finding = blame(worst);
    finding.message = format!(
        "the caller lacks {}; cloud admin: allow it in a RAM policy of the caller",
        actions.join(", ")
    );
    Some(Verdict::Blocked(finding))
}

fn role_missing(desired: &Desired) -> Verdict {
    let role = &desired.role.name;
    if desired.role.manage {
        let message = format!("role `{role}` does not exist; the operator creates it");
        return Verdict::unmet(Step::CreateRole, Reason::RoleMissing, message);
    }
    let remedy = if role == DEFAULT_ROLE {
        format!("authorise it once at {ROLE_AUTHORIZE_URL}")
    } else {
        "create it with a trust in `actiontrail.aliyuncs.com`".to_owned()
    };
    let message = format!(
        "role `{role}` does not exist, so ActionTrail cannot deliver; cloud admin: {remedy}, or set \
         `spec.role.manage: true`"
    );
    Verdict::blocked(Reason::RoleMissing, message)
}

fn judge_role(desired: &Desired, caller: &Caller, role: &RoleSeen) -> Verdict {
    let name = &desired.role.name;
    if !policy::trusts_actiontrail(&role.trust_policy) {
        let message = format!("role `{name}` does not trust `actiontrail.aliyuncs.com`");
        return repairable(desired, Step::UpdateRoleTrust, Reason::RoleTrustInvalid, &message);
    }
    let logstore = format!(
        "acs:log:{}:{}:project/{}/logstore/{}",
        desired.region, caller.account, desired.project, desired.logstore
    );
    if policy::allows(role.policies.values(), "log:PostLogStoreLogs", &logstore) {
        return Verdict::met(
            Reason::Authorized,
            format!("the caller may act and role `{name}` lets ActionTrail deliver"),
        );
    }
    if role.policies.contains_key(DELIVERY_POLICY) {
        let message = format!(
            "role `{name}` may not write to Logstore `{}`: policy `{DELIVERY_POLICY}` covers `innertrail_*` and \
             `actiontrail_*` only; cloud admin: attach a policy that allows `log:PostLogStoreLogs` on it, or use another name",
            desired.logstore
        );
        return Verdict::blocked(Reason::RolePolicyMissing, message);
    }
    let message = format!("role `{name}` lacks policy `{DELIVERY_POLICY}`");
    repairable(desired, Step::AttachRolePolicy, Reason::RolePolicyMissing, &message)
}

fn repairable(desired: &Desired, step: Step, reason: Reason, what: &str) -> Verdict {
    if desired.role.manage {
        Verdict::unmet(step, reason, format!("{what}; the operator repairs it"))
    } else {
        Verdict::blocked(reason, format!("{what}; cloud admin: repair it, or set `spec.role.manage: true`"))
    }
}
