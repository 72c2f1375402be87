//! What went wrong outside, as plain data, and the tables that say which code means what.
//!
//! Takes the code a service answered with; returns a [`FaultKind`]. Codes are compared whole, ASCII case aside; a
//! row with a `*` stands for a documented family, in whose codes something is in the place of the star. Messages are
//! read in one place only, `sls.rs`.
//! *Invariant:* a code in no table is [`FaultKind::Unexpected`], never a guess.

mod actiontrail;
mod gateway;
mod ram;
mod sls;
mod sts;

use std::fmt;
use std::time::Duration;

/// What kind of trouble a call met. The first two are states of the world rather than errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// The thing asked for does not exist.
    NotFound,
    /// The thing to create exists already.
    AlreadyExists,
    /// Too many calls; `retry_after` may say when to come back.
    Throttled,
    /// The service did not answer, or answered that it cannot now.
    Unavailable,
    /// The access key, its secret or its token is wrong, unknown or disabled.
    CredentialsInvalid,
    /// The temporary credential has expired.
    CredentialsExpired,
    /// The time of the signature is too far from the server's.
    ClockSkewed,
    /// The credential is good but may not do this; `ram_action` names what is missing.
    Denied,
    /// The account has not been granted the feature.
    FeatureNotGranted,
    /// The account has not activated the service.
    ServiceNotOpened,
    /// The account owes money and the service is suspended.
    AccountOverdue,
    /// A limit of the account is reached.
    QuotaExceeded,
    /// The thing belongs to another account.
    Foreign,
    /// The service refuses what was asked; asking again will not help.
    Invalid,
    /// A reply that cannot be understood, or a code in no table.
    Unexpected,
}

/// The services called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// `ActionTrail`, 2020-07-06.
    ActionTrail,
    /// Log Service, 0.6.0.
    Sls,
    /// Resource Access Management, 2015-05-01.
    Ram,
    /// Security Token Service, 2015-04-01.
    Sts,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ActionTrail, Self::Sls, Self::Ram, Self::Sts];

    /// Short lower-case name, fit for a log field or a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActionTrail => "actiontrail",
            Self::Sls => "sls",
            Self::Ram => "ram",
            Self::Sts => "sts",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a failed call means, without the words of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of trouble.
    pub kind: FaultKind,
    /// Which service was called.
    pub service: Service,
    /// Which operation, as named in the documentation.
    pub action: &'static str,
    /// The permission the operation needs, as written in a RAM policy, such as `log:GetLogStore`.
    pub ram_action: &'static str,
    /// The host that was called.
    pub host: String,
    /// The code in the reply, if there was one.
    pub code: Option<String>,
    /// The id of the request at the service, if there was one.
    pub request_id: Option<String>,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// A write whose effect is unknown: its reply was lost, a 5xx, or could not be understood.
    pub ambiguous: bool,
}

/// Rows of code, or family of codes, and meaning.
pub(crate) type Table = &'static [(&'static str, FaultKind)];

/// What a code of `service` means; `message` is the server's sentence.
pub(crate) fn classify(service: Service, code: &str, message: &str) -> FaultKind {
    let known = match service {
        Service::Sls => sls::classify(code, message),
        Service::ActionTrail => look_up(actiontrail::TABLE, code),
        Service::Ram => look_up(ram::TABLE, code),
        Service::Sts => look_up(sts::TABLE, code),
    };
    known.or_else(|| gateway(code)).unwrap_or(FaultKind::Unexpected)
}

/// What a code of the gateway, common to all services, means.
pub(crate) fn gateway(code: &str) -> Option<FaultKind> {
    look_up(gateway::TABLE, code)
}

/// An exact row wins over a family, whatever the order of the table.
pub(crate) fn look_up(table: Table, code: &str) -> Option<FaultKind> {
    let exact = table.iter().find(|(row, _)| row.eq_ignore_ascii_case(code));
    let found = exact.or_else(|| table.iter().find(|(row, _)| is_of_family(row, code)));
    found.map(|(_, kind)| *kind)
}

/// Whether `code` begins and ends as `family` does before and after its star, with something in between.
pub(crate) fn is_of_family(family: &str, code: &str) -> bool {
    let (family, code) = (family.to_ascii_lowercase(), code.to_ascii_lowercase());
    family.split_once('*').is_some_and(|(start, end)| {
        code.len() > start.len() + end.len() && code.starts_with(start) && code.ends_with(end)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Names of the example replies under `tests/fixtures/errors`, in lower case.
    fn examples() -> Vec<String> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/errors");
        let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_str().unwrap().to_ascii_lowercase()).collect()
    }

    fn rows_without_example(service: &str, codes: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
        let examples = examples();
        let shown = |code: &&str| {
            let (start, end) = code.split_once('*').unwrap_or((code, ""));
            let start = format!("{service}-{start}").to_ascii_lowercase();
            let end = format!("{end}.").to_ascii_lowercase();
            examples.iter().any(|example| example.starts_with(&start) && example.contains(&end))
        };
        codes.filter(|code| !shown(code)).collect()
    }

    #[test]
    fn every_row_of_every_table_has_an_example() {
        let tables = [
            ("actiontrail", actiontrail::TABLE),
            ("sls", sls::TABLE),
            ("ram", ram::TABLE),
            ("sts", sts::TABLE),
            ("gateway", gateway::TABLE),
        ];
        for (service, table) in tables {
            let codes = table.iter().map(|(code, _)| *code);
            assert_eq!(rows_without_example(service, codes), Vec::<&str>::new(), "{service}");
        }
    }

    #[test]
    fn an_exact_row_wins_over_its_family() {
        assert_eq!(gateway("InvalidSecurityToken.Expired"), Some(FaultKind::CredentialsExpired));
        assert_eq!(gateway("InvalidSecurityToken.Anything"), Some(FaultKind::CredentialsInvalid));
    }

    #[test]
    fn a_family_needs_a_member() {
        assert_eq!(gateway("InvalidSecurityToken."), None);
        assert_eq!(gateway("InvalidSecurityTokenX"), None);
    }

    #[test]
    fn a_family_may_have_its_star_in_the_middle() {
        let kind = |code| classify(Service::ActionTrail, code, "");
        for code in ["MaximumNumberOfInnerTrailExceeded", "maximumnumberofgroupsexceededexception"] {
            assert_eq!(kind(code), FaultKind::QuotaExceeded, "{code}");
        }
        for code in [
            "MaximumNumberOfExceeded",
            "MaximumNumberOfTrailsExceededTwice",
            "XMaximumNumberOfTrailsExceeded",
        ] {
            assert_eq!(kind(code), FaultKind::Unexpected, "{code}");
        }
        assert_eq!(kind("NotAllowAnything"), FaultKind::FeatureNotGranted);
    }

    #[test]
    fn codes_are_compared_whole() {
        assert_eq!(gateway("Throttlings"), None);
        assert_eq!(gateway("XThrottling"), None);
        assert_eq!(gateway("THROTTLING"), Some(FaultKind::Throttled));
    }

    #[test]
    fn a_message_decides_only_where_one_code_means_several_things() {
        let text = "The project does not belong to you.";
        assert_eq!(classify(Service::Sls, "Unauthorized", text), FaultKind::Foreign);
        assert_eq!(classify(Service::Sls, "LogStoreNotExist", text), FaultKind::NotFound);
        assert_eq!(classify(Service::Ram, "Unauthorized", text), FaultKind::Denied);
    }
}
