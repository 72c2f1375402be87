//! What collects logs: configurations of agents, and the machines they run on.
//!
//! The emulator has none; clients that look round a project find empty lists.

use serde_json::json;

use super::sls_project::project;
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};

/// GET `/configs`.
pub(crate) const CONFIGS: Operation =
    Operation::read(Service::Sls, "ListConfig", Some("log:ListConfig"), |call| none(call, "configs"));
/// GET `/machinegroups`.
pub(crate) const MACHINE_GROUPS: Operation =
    Operation::read(Service::Sls, "ListMachineGroup", Some("log:ListMachineGroup"), |call| {
        none(call, "machinegroups")
    });

fn none(call: &Call<'_>, list: &str) -> Result<Answer, Refusal> {
    project(call)?;
    Ok(Answer::json(json!({"count": 0, "total": 0, list: []})))
}
