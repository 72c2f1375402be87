//! Settling times: what was just made is not there yet for readers, while a second making is refused.

use super::Call;
use crate::quirks;
use crate::reply::Refusal;
use crate::store::logstore::Logstore;
use crate::store::project::Project;

/// The project, once it has settled.
pub(crate) fn project(call: &Call<'_>, found: Option<Project>) -> Result<Option<Project>, Refusal> {
    let secs = quirks::get(call.conn)?.project_settles_seconds;
    Ok(found.filter(|project| has_settled(call, project.created, secs)))
}

/// The Logstore, once it has settled; for readers without an index that has not.
pub(crate) fn logstore(call: &Call<'_>, found: Option<Logstore>) -> Result<Option<Logstore>, Refusal> {
    let quirks = quirks::get(call.conn)?;
    let settled = found.filter(|found| has_settled(call, found.created, quirks.logstore_settles_seconds));
    Ok(settled.map(|mut found| {
        let reads = call.request.method == "GET" || call.request.path.ends_with("/logs");
        if reads && !has_settled(call, found.index_modified, quirks.index_settles_seconds) {
            found.index = None;
        }
        found
    }))
}

/// Those projects of a list that have settled.
pub(crate) fn projects(call: &Call<'_>, mut found: Vec<Project>) -> Result<Vec<Project>, Refusal> {
    let secs = quirks::get(call.conn)?.project_settles_seconds;
    found.retain(|project| has_settled(call, project.created, secs));
    Ok(found)
}

/// Those Logstores of a list that have settled.
pub(crate) fn logstores(call: &Call<'_>, mut found: Vec<Logstore>) -> Result<Vec<Logstore>, Refusal> {
    let secs = quirks::get(call.conn)?.logstore_settles_seconds;
    found.retain(|logstore| has_settled(call, logstore.created, secs));
    Ok(found)
}

fn has_settled(call: &Call<'_>, since: i64, secs: u32) -> bool {
    secs == 0 || call.now >= since + i64::from(secs)
}
