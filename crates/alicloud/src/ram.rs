//! RAM 2015-05-01: roles and the policies attached to them (cloud-api §3). One global host for all regions.
//!
//! Names, ARNs and documents are returned as the service gives them; comparing them is the caller's business.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service;
use crate::rpc::{Done, Rpc};
use crate::session::Session;

const VERSION: &str = "2015-05-01";

const GET_ROLE: Operation = Operation::reads(Service::Ram, "GetRole", "ram:GetRole");
const CREATE_ROLE: Operation = Operation::writes(Service::Ram, "CreateRole", "ram:CreateRole");
const UPDATE_ROLE: Operation = Operation::writes(Service::Ram, "UpdateRole", "ram:UpdateRole");
const LIST_POLICIES: Operation =
    Operation::reads(Service::Ram, "ListPoliciesForRole", "ram:ListPoliciesForRole");
const GET_POLICY: Operation = Operation::reads(Service::Ram, "GetPolicy", "ram:GetPolicy");
const GET_POLICY_VERSION: Operation =
    Operation::reads(Service::Ram, "GetPolicyVersion", "ram:GetPolicyVersion");
const CREATE_SERVICE_LINKED_ROLE: Operation =
    Operation::writes(Service::Ram, "CreateServiceLinkedRole", "ram:CreateServiceLinkedRole");
const ATTACH_POLICY: Operation =
    Operation::writes(Service::Ram, "AttachPolicyToRole", "ram:AttachPolicyToRole");

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its name.
    #[serde(rename = "RoleName")]
    pub name: String,
    /// Its ARN, `acs:ram::<account>:role/<name>`, in whatever case the service keeps it.
    #[serde(rename = "Arn")]
    pub arn: String,
    /// Who may assume it: a policy document, JSON text.
    #[serde(rename = "AssumeRolePolicyDocument")]
    pub trust_policy: String,
}

/// Whether a policy is the cloud's own or the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum PolicyType {
    /// Kept by the cloud.
    System,
    /// Kept by the account.
    Custom,
}

impl PolicyType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A policy attached to a role, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AttachedPolicy {
    /// Its name.
    #[serde(rename = "PolicyName")]
    pub name: String,
    /// Whose it is.
    #[serde(rename = "PolicyType")]
    pub policy_type: PolicyType,
}

/// A policy with its default version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The document of the default version, JSON text.
    pub document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleReply {
    role: Role,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PoliciesReply {
    policies: Policies,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    policy: Vec<AttachedPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyReply {
    policy: PolicyName,
    default_policy_version: PolicyVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyName {
    policy_name: String,
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PolicyVersion {
    /// Its id, such as `v1`.
    #[serde(default, rename = "VersionId")]
    pub id: String,
    /// Whether it is the one in force.
    #[serde(default, rename = "IsDefaultVersion")]
    pub is_default: bool,
    /// The document, JSON text.
    #[serde(rename = "PolicyDocument")]
    pub document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersionReply {
    policy_version: PolicyVersion,
}

impl Session {
    /// Reads a role.
    pub async fn get_role(&self, name: &str) -> Result<Role, CallError> {
        let reply: RoleReply = self.ram(GET_ROLE, vec![("RoleName", name)]).await?;
        Ok(reply.role)
    }

    /// Creates a role that whoever `trust_policy` (JSON text) names may assume.
    pub async fn create_role(
        &self,
        name: &str,
        trust_policy: &str,
        description: &str,
    ) -> Result<Role, CallError> {
        let parameters = vec![
            ("RoleName", name),
            ("AssumeRolePolicyDocument", trust_policy),
            ("Description", description),
        ];
        let reply: RoleReply = self.ram(CREATE_ROLE, parameters).await?;
        Ok(reply.role)
    }

    /// Replaces the trust policy of a role. `UpdateRole` is not in cloud-api.md; the parameter
    /// is named as in the official SDK `alibabacloud_ram20150501` 1.3.0.
    pub async fn update_role(&self, name: &str, trust_policy: &str) -> Result<(), CallError> {
        let parameters = vec![("RoleName", name), ("NewAssumeRolePolicyDocument", trust_policy)];
        self.ram::<Done>(UPDATE_ROLE, parameters).await.map(|_| ())
    }

    /// Lists the policies attached to a role; the service returns all of them at once.
    pub async fn list_policies_for_role(&self, role: &str) -> Result<Vec<AttachedPolicy>, CallError> {
        let reply: PoliciesReply = self.ram(LIST_POLICIES, vec![("RoleName", role)]).await?;
        Ok(reply.policies.policy)
    }

    /// Reads a policy and its default version.
    pub async fn get_policy(&self, policy_type: PolicyType, name: &str) -> Result<Policy, CallError> {
        let parameters = vec![("PolicyType", policy_type.as_str()), ("PolicyName", name)];
        let reply: PolicyReply = self.ram(GET_POLICY, parameters).await?;
        Ok(Policy { name: reply.policy.policy_name, document: reply.default_policy_version.document })
    }

    /// Reads one version of a policy, such as `v1`.
    pub async fn get_policy_version(
        &self,
        policy_type: PolicyType,
        name: &str,
        version: &str,
    ) -> Result<PolicyVersion, CallError> {
        let parameters =
            vec![("PolicyType", policy_type.as_str()), ("PolicyName", name), ("VersionId", version)];
        let reply: PolicyVersionReply = self.ram(GET_POLICY_VERSION, parameters).await?;
        Ok(reply.policy_version)
    }

    /// Creates the role that a service, such as `actiontrail.aliyuncs.com`, keeps for itself. Its
    /// `ServiceName` is from the official SDK `alibabacloud_ram20150501` 1.3.0; that the reply holds a `Role` too (cloud-api
    /// §3.1 names the operation alone).
    ///
    /// # Errors
    /// `AlreadyExists` when it is there.
    pub async fn create_service_linked_role(&self, service: &str) -> Result<Role, CallError> {
        let reply: RoleReply = self.ram(CREATE_SERVICE_LINKED_ROLE, vec![("ServiceName", service)]).await?;
        Ok(reply.role)
    }

    /// Attaches a policy to a role.
    pub async fn attach_policy_to_role(
        &self,
        policy_type: PolicyType,
        policy: &str,
        role: &str,
    ) -> Result<(), CallError> {
        let parameters =
            vec![("PolicyType", policy_type.as_str()), ("PolicyName", policy), ("RoleName", role)];
        self.ram::<Done>(ATTACH_POLICY, parameters).await.map(|_| ())
    }

    async fn ram<T: DeserializeOwned>(
        &self,
        operation: Operation,
        parameters: Vec<(&str, &str)>,
    ) -> Result<T, CallError> {
        let (action, host) = (operation.action, self.host(Service::Ram));
        self.rpc(&Rpc { operation, action, version: VERSION, host, parameters }).await
    }
}
