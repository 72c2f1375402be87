//! The three inner operations: what exists, create, delete.
//!
//! Takes and returns raw values in the wire form the [`WireProfile`](super::WireProfile) describes.
//! *Invariant:* a reply without a list is an error, never "no trail": shipping is not started twice on a guess.

use serde_json::Value;

use super::operations;
use super::profile::{Describe, Fields};
use crate::call::{Call, Operation};
use crate::error::CallError;
use crate::fault::Service;
use crate::reply::{Reply, undecodable};
use crate::rpc::{Done, Rpc};
use crate::session::Session;
use crate::tolerant::as_text;

/// An inner trail, as described by the service. Absent fields were not in the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerTrail {
    /// Its name.
    pub name: String,
    /// The region it was created in.
    pub home_region: Option<String>,
    /// The Log Service project it ships to: `acs:log:<region>:<account>:project/<name>`.
    pub sls_project_arn: Option<String>,
    /// The Logstore it ships to, if the service says so.
    pub sls_logstore: Option<String>,
    /// The role it writes with, in whatever case the service keeps it.
    pub sls_write_role_arn: Option<String>,
    /// `Fresh`, `Enable` or `Disable`; others may exist.
    pub status: Option<String>,
}

/// What to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInnerTrail {
    /// Its name; also the end of the Logstore's name, `innertrail_<name>`.
    pub name: String,
    /// The project to ship to: `acs:log:<region>:<account>:project/<name>`.
    pub sls_project_arn: String,
    /// The role to write with: `acs:ram::<account>:role/<name>`.
    pub sls_write_role_arn: String,
    /// A Logstore other than the one the service would make.
    pub sls_logstore: Option<String>,
}

impl Session {
    /// Describes the inner trails that this region knows of. The account has at most one, in any region.
    pub async fn describe_inner_trails(&self) -> Result<Vec<InnerTrail>, CallError> {
        let describe = self.profile().describe();
        let operation = operations::DESCRIBE_INNER_TRAILS;
        let (call, reply) = self.inner_reply(operation, &describe.action, Vec::new()).await?;
        let body: Value = reply.decode(&call)?;
        read_trails(&body, describe).map_err(|why| undecodable(&call, &reply, why))
    }

    /// Creates the inner trail of the account; the service then starts delivery by itself.
    pub async fn create_inner_trail(&self, trail: &NewInnerTrail) -> Result<(), CallError> {
        let create = self.profile().create();
        let names = &create.parameters;
        let mut parameters: Vec<(&str, &str)> = vec![
            (&names.name, &trail.name),
            (&names.sls_project_arn, &trail.sls_project_arn),
            (&names.sls_write_role_arn, &trail.sls_write_role_arn),
        ];
        parameters
            .extend(trail.sls_logstore.as_deref().map(|logstore| (names.sls_logstore.as_str(), logstore)));
        self.inner(operations::CREATE_INNER_TRAIL, &create.action, parameters).await
    }

    /// Deletes an inner trail, which stops delivery. The Logstore and its logs stay.
    pub async fn delete_inner_trail(&self, name: &str) -> Result<(), CallError> {
        let delete = self.profile().delete();
        let parameters = vec![(delete.parameters.name.as_str(), name)];
        self.inner(operations::DELETE_INNER_TRAIL, &delete.action, parameters).await
    }

    /// A call that returns nothing but its request id.
    async fn inner(
        &self,
        operation: Operation,
        action: &str,
        parameters: Vec<(&str, &str)>,
    ) -> Result<(), CallError> {
        let (call, reply) = self.inner_reply(operation, action, parameters).await?;
        reply.decode::<Done>(&call).map(|_| ())
    }

    async fn inner_reply(
        &self,
        operation: Operation,
        action: &str,
        parameters: Vec<(&str, &str)>,
    ) -> Result<(Call, Reply), CallError> {
        let profile = self.profile();
        let host = self.host(Service::ActionTrail);
        let rpc = Rpc { operation, action, version: profile.version(), host, parameters };
        self.rpc_reply(&rpc, |code, _| profile.meaning(code)).await
    }
}

fn read_trails(reply: &Value, describe: &Describe) -> Result<Vec<InnerTrail>, &'static str> {
    let mut lists = describe.lists.iter().filter_map(|name| reply.get(name));
    let (Some(list), None) = (lists.next(), lists.next()) else {
        return Err("the reply does not hold exactly one list of trails");
    };
    let items = items(list, &describe.wrappers).ok_or("the list of trails in the reply is not a list")?;
    items.iter().map(|item| read_trail(item, &describe.fields)).collect()
}

/// The items of a list, bare or one level down.
fn items<'a>(list: &'a Value, wrappers: &[String]) -> Option<&'a Vec<Value>> {
    list.as_array().or_else(|| wrappers.iter().find_map(|name| list.get(name))?.as_array())
}

fn read_trail(item: &Value, fields: &Fields) -> Result<InnerTrail, &'static str> {
    Ok(InnerTrail {
        name: field(item, &fields.name)?.ok_or("a trail in the reply has no name")?,
        home_region: field(item, &fields.home_region)?,
        sls_project_arn: field(item, &fields.sls_project_arn)?,
        sls_logstore: field(item, &fields.sls_logstore)?,
        sls_write_role_arn: field(item, &fields.sls_write_role_arn)?,
        status: field(item, &fields.status)?,
    })
}

/// `None` when the field is not there, null or empty.
fn field(item: &Value, names: &[String]) -> Result<Option<String>, &'static str> {
    let value = names.iter().find_map(|name| item.get(name)).filter(|value| !value.is_null());
    let text = value.map(|value| as_text(value).ok_or("a field of a trail in the reply is not text"));
    Ok(text.transpose()?.filter(|text| !text.is_empty()))
}
