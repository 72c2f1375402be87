//! Every string that crosses the boundary to Kubernetes, written once.
//!
//! Takes nothing, returns constants. Must never hold a value that a user can set.

/// API group of the resource.
pub const GROUP: &str = "innertrail.io";

/// The only version served today.
pub const VERSION: &str = "v1alpha1";

/// Name of the `CustomResourceDefinition`.
pub const CRD_NAME: &str = "innertrails.innertrail.io";

/// Held on every `InnerTrail` from before the first cloud write until shipping was seen off.
pub const FINALIZER: &str = "innertrail.io/disable-shipping";

/// Held on every Secret that an `InnerTrail` names, until the last of them is gone.
pub const SECRET_FINALIZER: &str = "innertrail.io/in-use";

/// The one server-side-apply field manager of this operator.
pub const FIELD_MANAGER: &str = "innertrail";

/// Annotation whose every new value asks for a pass now; echoed in `status.lastHandledReconcileAt`.
pub const REQUESTED_AT_ANNOTATION: &str = "innertrail.io/requestedAt";

/// Well-known label naming the application an object belongs to.
pub const LABEL_NAME: &str = "app.kubernetes.io/name";

/// Well-known label naming the tool that manages an object.
pub const LABEL_MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Value of [`LABEL_NAME`] on everything of ours.
pub const APP_NAME: &str = "innertrail";

/// Prefix of the dedicated Logstore: `innertrail_<trail name>` (cloud-side convention, read 2026-11).
pub const LOGSTORE_PREFIX: &str = "innertrail_";

/// Name of the role that ActionTrail assumes unless the spec names another.
pub const DEFAULT_ROLE: &str = "AliyunActionTrailDefaultRole";

/// Key of the AccessKey id in a credentials Secret.
pub const SECRET_KEY_ID: &str = "accessKeyId";

/// Key of the AccessKey secret in a credentials Secret.
pub const SECRET_KEY_SECRET: &str = "accessKeySecret";

/// Key of the optional STS security token in a credentials Secret.
pub const SECRET_KEY_TOKEN: &str = "securityToken";

/// The types in `status.conditions`.
pub mod condition {
    /// May the operator act, and may `ActionTrail` deliver?
    pub const AUTHORIZED: &str = "Authorized";
    /// Do project and Logstore exist, with the retention asked for?
    pub const LOGSTORE_READY: &str = "LogstoreReady";
    /// Do platform events arrive?
    pub const SHIPPING: &str = "Shipping";
    /// Can what arrived be searched?
    pub const INDEXED: &str = "Indexed";
    /// All four of the above.
    pub const READY: &str = "Ready";
    /// Present while the operator is changing something.
    pub const RECONCILING: &str = "Reconciling";
    /// Present while only a change of the spec can help.
    pub const STALLED: &str = "Stalled";
    /// Present while the cloud differs from the spec.
    pub const DRIFTED: &str = "Drifted";
    /// Present while `spec.suspend` is set.
    pub const SUSPENDED: &str = "Suspended";
}
