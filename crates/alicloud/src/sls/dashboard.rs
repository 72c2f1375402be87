//! Dashboards (cloud-api §6.7).
//!
//! Documents are passed on as they are, so that settings nobody here knows of survive an update.

use serde::Deserialize;
use serde_json::Value;

use super::SlsCall;
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::reply::undecodable;
use crate::session::Session;

const GET: Operation = Operation::reads(Sls, "GetDashboard", "log:GetDashboard");
const LIST: Operation = Operation::reads(Sls, "ListDashboard", "log:ListDashboard");
const CREATE: Operation = Operation::writes(Sls, "CreateDashboard", "log:CreateDashboard");
const UPDATE: Operation = Operation::writes(Sls, "UpdateDashboard", "log:UpdateDashboard");
const DELETE: Operation = Operation::writes(Sls, "DeleteDashboard", "log:DeleteDashboard");

/// Names asked for at once.
const PAGE: usize = 100;
/// Most pages read: ten times the documented limit of dashboards in a project.
const PAGES_MAX: usize = 10;

/// A dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// What people see as its name.
    pub display_name: String,
    /// The whole document as read; change a copy of it and send that back to update.
    pub raw: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    dashboard_name: String,
    #[serde(default)]
    display_name: String,
}

#[derive(Deserialize)]
struct Page {
    dashboards: Vec<String>,
}

impl Session {
    /// Reads a dashboard.
    pub async fn get_dashboard(&self, project: &str, name: &str) -> Result<Dashboard, CallError> {
        let (call, reply) = self.sls(&SlsCall::new(GET, project, "GET", path(name))).await?;
        let raw: Value = reply.decode(&call)?;
        let Names { dashboard_name, display_name } = reply.decode(&call)?;
        Ok(Dashboard { name: dashboard_name, display_name, raw })
    }

    /// Lists the names of all dashboards of a project.
    pub async fn list_dashboards(&self, project: &str) -> Result<Vec<String>, CallError> {
        let mut names = Vec::new();
        for page in 0..PAGES_MAX {
            let query = vec![("offset", (page * PAGE).to_string()), ("size", PAGE.to_string())];
            let call = SlsCall::new(LIST, project, "GET", "/dashboards".to_owned()).with_query(query);
            let (call, reply) = self.sls(&call).await?;
            let Page { dashboards } = reply.decode(&call)?;
            let last = dashboards.len() < PAGE;
            names.extend(dashboards);
            if last {
                return Ok(names);
            }
            if page + 1 == PAGES_MAX {
                return Err(undecodable(&call, &reply, "the list of dashboards does not end"));
            }
        }
        Ok(names)
    }

    /// Creates a dashboard from a whole document; `dashboardName` and `charts` must be in it.
    pub async fn create_dashboard(&self, project: &str, document: &Value) -> Result<(), CallError> {
        let call = SlsCall::new(CREATE, project, "POST", "/dashboards".to_owned()).with_body(document);
        self.sls(&call).await.map(|_| ())
    }

    /// Replaces a dashboard by the whole document given.
    pub async fn update_dashboard(
        &self,
        project: &str,
        name: &str,
        document: &Value,
    ) -> Result<(), CallError> {
        self.sls(&SlsCall::new(UPDATE, project, "PUT", path(name)).with_body(document)).await.map(|_| ())
    }

    /// Deletes a dashboard.
    pub async fn delete_dashboard(&self, project: &str, name: &str) -> Result<(), CallError> {
        self.sls(&SlsCall::new(DELETE, project, "DELETE", path(name))).await.map(|_| ())
    }
}

fn path(name: &str) -> String {
    format!("/dashboards/{}", alicloud_sign::encode(name))
}
