//! Projects (cloud-api §6.1). Names are unique per region across all accounts.

use serde::Deserialize;
use serde_json::json;

use super::SlsCall;
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::session::Session;
use crate::tolerant;

const GET: Operation = Operation::reads(Sls, "GetProject", "log:GetProject");
const CREATE: Operation = Operation::writes(Sls, "CreateProject", "log:CreateProject");

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// Its name.
    #[serde(rename = "projectName")]
    pub name: String,
    /// Its region.
    pub region: String,
    /// The number of the account that owns it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub owner: Option<String>,
    /// `Normal` or `Disable`.
    pub status: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

impl Session {
    /// Reads a project of the session's region.
    pub async fn get_project(&self, name: &str) -> Result<Project, CallError> {
        let (call, reply) = self.sls(&SlsCall::new(GET, name, "GET", "/".to_owned())).await?;
        reply.decode(&call)
    }

    /// Creates a project in the session's region.
    pub async fn create_project(&self, name: &str, description: &str) -> Result<(), CallError> {
        let body = json!({ "projectName": name, "description": description });
        let call = SlsCall::new(CREATE, name, "POST", "/".to_owned()).with_body(&body);
        self.sls(&call).await.map(|_| ())
    }
}
