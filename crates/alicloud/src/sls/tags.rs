//! Tags of projects and Logstores (cloud-api §6.7). Asked of the host of the region, as the current official client
//! does (`alibabacloud_sls20201230` 5.15.1, cloud-api §8.3).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::SlsCall;
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::Sls;
use crate::reply::undecodable;
use crate::session::Session;

const LIST: Operation = Operation::reads(Sls, "ListTagResources", "log:ListTagResources");
const TAG: Operation = Operation::writes(Sls, "TagResources", "log:TagResources");
const UNTAG: Operation = Operation::writes(Sls, "UntagResources", "log:UntagResources");

/// Most pages read: far more than a thing has tags.
const PAGES_MAX: usize = 10;

/// What carries tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagged<'a> {
    /// A project, by name.
    Project(&'a str),
    /// A Logstore, by the names of its project and itself.
    Logstore(&'a str, &'a str),
}

impl Tagged<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Project(_) => "project",
            Self::Logstore(..) => "logstore",
        }
    }

    /// As the service writes it: `project`, or `project#logstore`.
    fn id(self) -> String {
        match self {
            Self::Project(project) => project.to_owned(),
            Self::Logstore(project, logstore) => format!("{project}#{logstore}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    next_token: Option<String>,
    tag_resources: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tag {
    tag_key: String,
    #[serde(default)]
    tag_value: String,
}

impl Session {
    /// The tags of a project or Logstore, by key.
    pub async fn list_tags(&self, of: Tagged<'_>) -> Result<BTreeMap<String, String>, CallError> {
        let (mut tags, mut token) = (BTreeMap::new(), String::new());
        for page in 1..=PAGES_MAX {
            let mut query =
                vec![("resourceType", of.kind().to_owned()), ("resourceId", json!([of.id()]).to_string())];
            query.extend(Some(("nextToken", token.clone())).filter(|(_, token)| !token.is_empty()));
            let call = SlsCall::of_region(LIST, "GET", "/tags".to_owned()).with_query(query);
            let (call, reply) = self.sls(&call).await?;
            let Page { next_token, tag_resources } = reply.decode(&call)?;
            tags.extend(tag_resources.into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
            match next_token.filter(|next| !next.is_empty()) {
                None => return Ok(tags),
                Some(_) if page == PAGES_MAX => {
                    return Err(undecodable(&call, &reply, "the list of tags does not end"));
                }
                Some(next) => token = next,
            }
        }
        Ok(tags)
    }

    /// Sets tags, leaving others as they are.
    pub async fn tag(&self, of: Tagged<'_>, tags: &BTreeMap<String, String>) -> Result<(), CallError> {
        let tags: Vec<Value> =
            tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let body = json!({ "resourceType": of.kind(), "resourceId": [of.id()], "tags": tags });
        self.sls(&SlsCall::of_region(TAG, "POST", "/tag".to_owned()).with_body(&body)).await.map(|_| ())
    }

    /// Removes the tags of these keys.
    pub async fn untag(&self, of: Tagged<'_>, keys: &[&str]) -> Result<(), CallError> {
        let body = json!({ "resourceType": of.kind(), "resourceId": [of.id()], "tags": keys });
        self.sls(&SlsCall::of_region(UNTAG, "POST", "/untag".to_owned()).with_body(&body)).await.map(|_| ())
    }
}
