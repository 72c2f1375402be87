//! The operations of the cloud, one table per service.
//!
//! An operation takes a [`Call`] whose signature and permission were checked and returns an [`Answer`] or a
//! [`Refusal`] in the service's own code. It writes only through the connection it is given.

pub(crate) mod actiontrail;
pub(crate) mod console;
pub(crate) mod delivery;
pub(crate) mod fields;
pub(crate) mod lookup;
pub(crate) mod ongoing;
pub(crate) mod ram;
pub(crate) mod ram_linked;
pub(crate) mod ram_list;
pub(crate) mod ram_system;
pub(crate) mod ram_user;
pub(crate) mod settling;
pub(crate) mod sls_collect;
pub(crate) mod sls_consume;
pub(crate) mod sls_consumer;
pub(crate) mod sls_document;
pub(crate) mod sls_handover;
pub(crate) mod sls_index;
pub(crate) mod sls_logs;
pub(crate) mod sls_logstore;
pub(crate) mod sls_meta;
pub(crate) mod sls_metering;
pub(crate) mod sls_project;
pub(crate) mod sls_put;
pub(crate) mod sls_shard;
pub(crate) mod sts;
pub(crate) mod sts_oidc;
pub(crate) mod trails;
pub(crate) mod wire;
pub(crate) mod wire_count;
pub(crate) mod wire_json;
pub(crate) mod wire_packages;

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::caller::Caller;
use crate::gateway::route::Service;
use crate::policy::Context;
use crate::reply::{Answer, Refusal};
use crate::request::Request;

/// One operation the emulator has.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The service it belongs to.
    pub service: Service,
    /// Its name in the API reference.
    pub action: &'static str,
    /// RAM action a RAM user needs; `None` when everybody may.
    pub ram_action: Option<&'static str>,
    /// Whether it may change state.
    pub mutating: bool,
    /// Whether it is called without a signature.
    pub unsigned: bool,
    /// What it does.
    pub(crate) run: fn(&Call<'_>) -> Result<Answer, Refusal>,
}

impl Operation {
    const fn read(
        service: Service,
        action: &'static str,
        ram_action: Option<&'static str>,
        run: fn(&Call<'_>) -> Result<Answer, Refusal>,
    ) -> Self {
        Self { service, action, ram_action, mutating: false, unsigned: false, run }
    }

    const fn write(
        service: Service,
        action: &'static str,
        ram_action: &'static str,
        run: fn(&Call<'_>) -> Result<Answer, Refusal>,
    ) -> Self {
        Self { service, action, ram_action: Some(ram_action), mutating: true, unsigned: false, run }
    }

    const fn unsigned(self) -> Self {
        Self { unsigned: true, ..self }
    }
}

/// Every operation of the emulator, for documentation.
pub fn operations() -> Vec<&'static Operation> {
    let rpc = [Service::ActionTrail, Service::Ram, Service::Sts].into_iter().flat_map(of);
    rpc.chain(crate::gateway::sls::operations()).collect()
}

/// The operations of an RPC service.
pub(crate) fn of(service: Service) -> impl Iterator<Item = &'static Operation> {
    let tables: &[&'static [Operation]] = match service {
        Service::ActionTrail => &[actiontrail::OPERATIONS, trails::OPERATIONS, lookup::OPERATIONS],
        Service::Ram => {
            &[ram::OPERATIONS, ram_user::OPERATIONS, ram_list::OPERATIONS, ram_linked::OPERATIONS]
        }
        Service::Sts => &[sts::OPERATIONS],
        Service::Sls => &[],
    };
    tables.iter().copied().flatten()
}

/// What an operation works on.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) caller: &'a Caller,
    pub(crate) region: &'a str,
    /// Epoch seconds.
    pub(crate) now: i64,
    pub(crate) request: &'a Request,
    pub(crate) parameters: &'a BTreeMap<String, String>,
    pub(crate) place: &'a Place,
    /// Whether a search is to answer a part of what it finds.
    pub(crate) incomplete: bool,
}

/// What host and path of a Log Service request name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) project: Option<String>,
    pub(crate) logstore: Option<String>,
    /// What the path names below the project or Logstore: a dashboard, a saved search, a shard, a consumer group.
    pub(crate) name: Option<String>,
}

impl Call<'_> {
    /// A parameter that is there and not empty.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter the operation cannot do without.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| {
            Refusal::new(400, format!("Missing{name}"), format!("{name} is mandatory for this action."))
        })
    }

    /// What a policy may ask of the call.
    pub(crate) fn context(&self) -> Context {
        Context::of_call(self.now, self.request.peer.0)
    }

    /// Account of the caller.
    pub(crate) fn account(&self) -> &str {
        &self.caller.account.id
    }
}
