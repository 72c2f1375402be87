//! What can happen to which product.
//!
//! Products are those the service covers (cloud-api §1.2); the case of resource types is not uniform, as
//! documented. Operation names are invented: no full list of them is public.

use Kind::{Penalty, Service, Support};
use Level::{Notice, Warning};
use Who::{Staff, System};

/// A product that has platform events.
#[derive(Debug)]
pub(super) struct Product {
    /// `EventProduct`
    pub(super) code: &'static str,
    /// `ResourceType`
    pub(super) resource_type: &'static str,
    /// What a resource id starts with.
    pub(super) resource_prefix: &'static str,
    /// Letters and digits after that.
    pub(super) resource_letters: usize,
    /// What can happen.
    pub(super) operations: &'static [Operation],
}

/// Something that can happen to a resource.
#[derive(Debug)]
pub(super) struct Operation {
    /// `EventName`
    pub(super) name: &'static str,
    /// `EventDescription`
    pub(super) description: &'static str,
    /// `EventType`
    pub(super) kind: Kind,
    /// `EventLevel`
    pub(super) level: Level,
    /// Who does it.
    pub(super) who: Who,
    /// Why, for `EventAdditionalDetail`.
    pub(super) reason: &'static str,
}

/// `EventType`
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Asked for by the customer, as in a ticket.
    Support,
    /// Done to keep the service running.
    Service,
    /// A consequence of overdue payment or of a breach of the terms.
    Penalty,
}

/// `EventLevel`
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    /// Logged.
    Notice,
    /// Logged, and the user is told.
    Warning,
}

/// Who does it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    /// A person, through the operations console.
    Staff,
    /// A system on its own.
    System,
}

impl Kind {
    /// The documented value.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Support => "CUSTOMER_INITIATED_SUPPORT",
            Self::Service => "ALIYUN_INITIATED_SERVICE",
            Self::Penalty => "ALIYUN_INITIATED_PENALTY",
        }
    }
}

impl Level {
    /// The documented value.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
        }
    }
}

impl Who {
    /// `EventMethod`; its values are not documented.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Staff => "CONSOLE",
            Self::System => "SYSTEM",
        }
    }
}

const fn operation(
    name: &'static str,
    description: &'static str,
    (kind, level, who): (Kind, Level, Who),
    reason: &'static str,
) -> Operation {
    Operation { name, description, kind, level, who, reason }
}

/// Every product with what can happen to it.
pub(super) const PRODUCTS: [Product; 8] = [
    Product {
        code: "OSS",
        resource_type: "Acs::Oss::Bucket",
        resource_prefix: "bucket-",
        resource_letters: 10,
        operations: &[
            operation(
                "GetBucketMeta",
                "Support engineer read the configuration of a bucket",
                (Support, Notice, Staff),
                "access denied for a signed url",
            ),
            operation(
                "MigrateBucketData",
                "Data of a bucket was moved to another storage cluster",
                (Service, Notice, System),
                "cluster capacity",
            ),
            operation(
                "FreezeBucket",
                "A bucket was frozen because of illegal content",
                (Penalty, Warning, Staff),
                "content security",
            ),
        ],
    },
    Product {
        code: "ECS",
        resource_type: "ACS::ECS::Instance",
        resource_prefix: "i-bp1",
        resource_letters: 17,
        operations: &[
            operation(
                "DescribeInstanceDiagnosis",
                "Support engineer read diagnostic data of an instance",
                (Support, Notice, Staff),
                "instance not reachable",
            ),
            operation(
                "LiveMigrateInstance",
                "An instance was migrated live to another host",
                (Service, Notice, System),
                "host maintenance",
            ),
            operation(
                "RebootInstance",
                "An instance was rebooted because its host failed",
                (Service, Warning, System),
                "host failure",
            ),
            operation(
                "LockInstance",
                "An instance was locked because of outbound attacks",
                (Penalty, Warning, System),
                "outbound ddos attack",
            ),
        ],
    },
    Product {
        code: "RDS",
        resource_type: "ACS::RDS::DBInstance",
        resource_prefix: "rm-bp1",
        resource_letters: 14,
        operations: &[
            operation(
                "QuerySlowLog",
                "Support engineer read the slow log of a database instance",
                (Support, Notice, Staff),
                "high cpu usage",
            ),
            operation(
                "SwitchPrimary",
                "Primary and standby of a database instance were switched",
                (Service, Warning, System),
                "minor version upgrade",
            ),
        ],
    },
    Product {
        code: "ACK",
        resource_type: "ACS::ACK::Cluster",
        resource_prefix: "c",
        resource_letters: 32,
        operations: &[
            operation(
                "ListClusterPods",
                "Support engineer listed the pods of a cluster",
                (Support, Notice, Staff),
                "pods stay pending",
            ),
            operation(
                "ScaleControlPlane",
                "The control plane of a cluster was scaled",
                (Service, Notice, System),
                "api server load",
            ),
        ],
    },
    Product {
        code: "EMR",
        resource_type: "ACS::EMR::Cluster",
        resource_prefix: "C-",
        resource_letters: 16,
        operations: &[
            operation(
                "CollectClusterLogs",
                "Support engineer collected the service logs of a cluster",
                (Support, Notice, Staff),
                "job failure",
            ),
            operation(
                "PatchClusterNode",
                "A security patch was installed on a cluster node",
                (Service, Notice, System),
                "security patch",
            ),
        ],
    },
    Product {
        code: "KMS",
        resource_type: "ACS::KMS::Key",
        resource_prefix: "key-",
        resource_letters: 20,
        operations: &[
            operation(
                "DescribeKeyMeta",
                "Support engineer read the metadata of a key",
                (Support, Notice, Staff),
                "decrypt call fails",
            ),
            operation(
                "SuspendInstance",
                "A key instance was suspended because of overdue payment",
                (Penalty, Warning, System),
                "overdue payment",
            ),
        ],
    },
    Product {
        code: "SDDP",
        resource_type: "ACS::SDDP::Instance",
        resource_prefix: "sddp-",
        resource_letters: 12,
        operations: &[
            operation(
                "ReadScanResult",
                "Support engineer read the result of a data scan",
                (Support, Notice, Staff),
                "scan result in question",
            ),
            operation(
                "UpdateScanRules",
                "The built-in rules of the data scan were updated",
                (Service, Notice, System),
                "rule update",
            ),
        ],
    },
    Product {
        code: "ACR",
        resource_type: "ACS::CR::Instance",
        resource_prefix: "cri-",
        resource_letters: 16,
        operations: &[
            operation(
                "InspectImageManifest",
                "Support engineer read the manifest of an image",
                (Support, Notice, Staff),
                "image pull fails",
            ),
            operation(
                "UpgradeRegistry",
                "A registry instance was upgraded",
                (Service, Notice, System),
                "version upgrade",
            ),
        ],
    },
];
