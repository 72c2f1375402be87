//! Ordinary trails: create, change, describe, switch on and off, delete (cloud-api §2.2).
//!
//! Takes and returns values as the service has them; times are ISO text or epoch milliseconds.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::VERSION;
use crate::call::Operation;
use crate::draft::Draft;
use crate::error::CallError;
use crate::fault::Service;
use crate::fault::Service::ActionTrail;
use crate::rpc::{Done, Rpc, draft};
use crate::session::{Session, by_table};
use crate::tolerant;

const CREATE: Operation = Operation::writes(ActionTrail, "CreateTrail", "actiontrail:CreateTrail");
const UPDATE: Operation = Operation::writes(ActionTrail, "UpdateTrail", "actiontrail:UpdateTrail");
const DESCRIBE: Operation = Operation::reads(ActionTrail, "DescribeTrails", "actiontrail:DescribeTrails");
const START: Operation = Operation::writes(ActionTrail, "StartLogging", "actiontrail:StartLogging");
const STOP: Operation = Operation::writes(ActionTrail, "StopLogging", "actiontrail:StopLogging");
const DELETE: Operation = Operation::writes(ActionTrail, "DeleteTrail", "actiontrail:DeleteTrail");
const REGIONS: Operation = Operation::reads(ActionTrail, "DescribeRegions", "actiontrail:DescribeRegions");

/// A trail. What was not in the reply is `None`; the reply to a change holds less than a description.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trail {
    /// Its name.
    #[serde(deserialize_with = "tolerant::needed_text")]
    pub name: String,
    /// The region it was created in.
    pub home_region: Option<String>,
    /// The region it was described in.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub region: Option<String>,
    /// Whose events it takes: a region, or `All`.
    pub trail_region: Option<String>,
    /// `acs:actiontrail:<region>:<account>:trail/<name>`.
    pub trail_arn: Option<String>,
    /// `Fresh` (never switched on), `Enable` or `Disable`.
    pub status: Option<String>,
    /// Which events it takes: `Write`, `Read` or `All`.
    #[serde(rename = "EventRW")]
    pub event_rw: Option<String>,
    /// Whether it takes the events of all accounts of an organization.
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub is_organization_trail: Option<bool>,
    /// That organization.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub organization_id: Option<String>,
    /// The Log Service project it delivers to.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub sls_project_arn: Option<String>,
    /// The role it writes there with, in whatever case the service keeps it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub sls_write_role_arn: Option<String>,
    /// The OSS bucket it delivers to.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub oss_bucket_name: Option<String>,
    /// The region of that bucket, as OSS names it.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub oss_bucket_location: Option<String>,
    /// What the names of its objects start with.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub oss_key_prefix: Option<String>,
    /// The role it writes there with.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub oss_write_role_arn: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub create_time: Option<String>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub update_time: Option<String>,
    /// When it was last switched on.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub start_logging_time: Option<String>,
    /// When it was last switched off.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub stop_logging_time: Option<String>,
}

/// What a trail is to be. `None` leaves a setting to the service, or as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailSettings {
    /// Its name: 6 to 36 lower-case letters, digits, `-` and `_`, a letter first.
    pub name: String,
    /// Which events to take: `Write`, `Read` or `All`.
    pub event_rw: Option<String>,
    /// Whose events to take: a region, or `All`.
    pub trail_region: Option<String>,
    /// `acs:log:<region>:<account>:project/<name>`.
    pub sls_project_arn: Option<String>,
    /// `acs:ram::<account>:role/<name>`.
    pub sls_write_role_arn: Option<String>,
    /// An OSS bucket.
    pub oss_bucket_name: Option<String>,
    /// 6 to 32 letters, digits, `-`, `/` and `_`, a letter first.
    pub oss_key_prefix: Option<String>,
    /// `acs:ram::<account>:role/<name>`.
    pub oss_write_role_arn: Option<String>,
}

/// A region the service works in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// Its id, such as `cn-hangzhou`.
    #[serde(rename = "RegionId")]
    pub id: String,
    /// The host of the service there.
    #[serde(default, rename = "RegionEndpoint")]
    pub endpoint: Option<String>,
    /// Its name in the language of the account.
    #[serde(default, rename = "LocalName")]
    pub local_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrailsReply {
    trail_list: Vec<Trail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RegionsReply {
    regions: Regions,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Regions {
    region: Vec<Region>,
}

impl TrailSettings {
    fn parameters(&self) -> Vec<(&str, &str)> {
        let chosen = [
            ("EventRW", &self.event_rw),
            ("TrailRegion", &self.trail_region),
            ("SlsProjectArn", &self.sls_project_arn),
            ("SlsWriteRoleArn", &self.sls_write_role_arn),
            ("OssBucketName", &self.oss_bucket_name),
            ("OssKeyPrefix", &self.oss_key_prefix),
            ("OssWriteRoleArn", &self.oss_write_role_arn),
        ];
        let chosen = chosen.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        std::iter::once(("Name", &*self.name)).chain(chosen).collect()
    }
}

impl Session {
    /// Creates a trail, switched off (`Fresh`) until [`start_logging`](Self::start_logging). It needs a destination.
    ///
    /// # Errors
    /// `AlreadyExists`, `QuotaExceeded` (5 in a region), `Denied` (the role may not write), `Invalid`.
    pub async fn create_trail(&self, trail: &TrailSettings) -> Result<Trail, CallError> {
        self.trail(CREATE, trail.parameters()).await
    }

    /// Changes the settings that are given of a trail.
    pub async fn update_trail(&self, trail: &TrailSettings) -> Result<Trail, CallError> {
        self.trail(UPDATE, trail.parameters()).await
    }

    /// Describes the trails of these names, or all when there are none. Unknown names are left out, not an error.
    pub async fn describe_trails(&self, names: &[&str]) -> Result<Vec<Trail>, CallError> {
        let list = names.join(",");
        let parameters = Some(("NameList", &*list)).filter(|_| !names.is_empty());
        let reply: TrailsReply = self.trail(DESCRIBE, parameters.into_iter().collect()).await?;
        Ok(reply.trail_list)
    }

    /// Switches a trail on.
    pub async fn start_logging(&self, name: &str) -> Result<(), CallError> {
        self.trail::<Done>(START, vec![("Name", name)]).await.map(|_| ())
    }

    /// Switches a trail off. What it delivered stays. Sent by GET: the only method that the metadata allows, and what the
    /// official client sends (cloud-api §2.1).
    pub async fn stop_logging(&self, name: &str) -> Result<(), CallError> {
        let (action, host) = (STOP.action, self.host(ActionTrail));
        let rpc = Rpc { operation: STOP, action, version: VERSION, host, parameters: vec![("Name", name)] };
        let (call, draft) = (rpc.call(), Draft { method: "GET", ..draft(&rpc) });
        self.rpc_draft(&call, &draft, by_table(ActionTrail)).await?.decode::<Done>(&call).map(|_| ())
    }

    /// Deletes a trail. What it delivered stays.
    pub async fn delete_trail(&self, name: &str) -> Result<(), CallError> {
        self.trail::<Done>(DELETE, vec![("Name", name)]).await.map(|_| ())
    }

    /// Lists the regions the service works in.
    pub async fn describe_regions(&self) -> Result<Vec<Region>, CallError> {
        let reply: RegionsReply = self.trail(REGIONS, Vec::new()).await?;
        Ok(reply.regions.region)
    }

    /// A call of the documented operations.
    pub(super) async fn trail<T: DeserializeOwned>(
        &self,
        operation: Operation,
        parameters: Vec<(&str, &str)>,
    ) -> Result<T, CallError> {
        let (action, host) = (operation.action, self.host(Service::ActionTrail));
        self.rpc(&Rpc { operation, action, version: VERSION, host, parameters }).await
    }
}
