//! The system policies of RAM, of those the emulator knows (cloud-api §3.1).
//!
//! Pure. Most are reduced to their first line, see the documentation of what is guessed.

use serde_json::{Value, json};

use super::ram_linked;

/// Policy that lets it deliver.
pub(crate) const DEFAULT_POLICY: &str = "AliyunActionTrailRolePolicy";

/// Their names.
pub(crate) const SYSTEM_POLICIES: [&str; 10] = [
    "AdministratorAccess",
    "AliyunActionTrailFullAccess",
    "AliyunActionTrailReadOnlyAccess",
    DEFAULT_POLICY,
    "AliyunLogFullAccess",
    "AliyunLogReadOnlyAccess",
    "AliyunRAMFullAccess",
    "AliyunRAMReadOnlyAccess",
    "AliyunSTSAssumeRoleAccess",
    ram_linked::POLICY,
];

/// Document of a system policy, of those the emulator knows.
pub(crate) fn system_policy(name: &str) -> Option<Value> {
    if name.eq_ignore_ascii_case(DEFAULT_POLICY) {
        return Some(delivery_policy());
    }
    if name == ram_linked::POLICY {
        return Some(ram_linked::policy());
    }
    let actions: &[&str] = match name {
        "AdministratorAccess" => &["*"],
        "AliyunActionTrailFullAccess" => &["actiontrail:*"],
        "AliyunActionTrailReadOnlyAccess" => &[
            "actiontrail:Lookup*",
            "actiontrail:Describe*",
            "actiontrail:Get*",
            "actiontrail:Check*",
            "actiontrail:List*",
        ],
        "AliyunLogFullAccess" => &["log:*"],
        "AliyunLogReadOnlyAccess" => &["log:Get*", "log:List*", "log:Query*"],
        "AliyunRAMFullAccess" => &["ram:*"],
        "AliyunRAMReadOnlyAccess" => &["ram:Get*", "ram:List*"],
        "AliyunSTSAssumeRoleAccess" => &["sts:AssumeRole"],
        _ => return None,
    };
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    Some(json!({"Version": "1", "Statement": [statement]}))
}

/// `AliyunActionTrailRolePolicy` as far as it concerns Log Service (cloud-api §3.1, version of 2021-05-25).
pub(crate) fn delivery_policy() -> Value {
    json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": ["log:GetProject", "log:ListJobs", "log:DescribeService"], "Resource": "*"},
        {"Effect": "Allow",
         "Action": ["log:PostLogStoreLogs", "log:CreateLogstore", "log:GetLogstore", "log:CreateIndex",
                    "log:UpdateIndex", "log:GetIndex", "log:GetLogStoreLogs"],
         "Resource": ["acs:log:*:*:project/*/logstore/actiontrail_*", "acs:log:*:*:project/*/logstore/innertrail_*"]},
        {"Effect": "Allow", "Action": ["log:CreateDashboard", "log:UpdateDashboard"],
         "Resource": "acs:log:*:*:project/*/dashboard/*"},
        {"Effect": "Allow", "Action": ["log:CreateSavedSearch", "log:UpdateSavedSearch"],
         "Resource": ["acs:log:*:*:project/*/savedsearch/actiontrail_*", "acs:log:*:*:project/*/savedsearch/innertrail_*"]},
    ]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_document() {
        assert!(SYSTEM_POLICIES.iter().all(|name| system_policy(name).is_some()));
    }
}
