//! Codes of the documented `ActionTrail` operations (cloud-api §2.3, §7). The inner operations have their own,
//! in the wire profile.

use super::FaultKind::{
    AlreadyExists, Denied, FeatureNotGranted, Invalid, NotFound, QuotaExceeded, Unavailable,
};
use super::Table;

pub(super) const TABLE: Table = &[
    ("TrailNotFoundException", NotFound),
    ("DeliveryHistoryJobNotFound", NotFound),
    ("TrailAlreadyExistsException", AlreadyExists),
    ("MaximumNumberOf*Exceeded", QuotaExceeded),
    ("MaximumNumberOf*ExceededException", QuotaExceeded),
    ("InsufficientSlsPolicyException", Denied),
    ("InsufficientBucketPolicyException", Denied),
    ("NeedRamAuthorize", Denied),
    ("InvalidAction.NotFound", FeatureNotGranted),
    ("InvalidApi.NotFound", FeatureNotGranted),
    ("InvalidProduct.NotFound", FeatureNotGranted),
    ("NotAllow*", FeatureNotGranted),
    ("InvalidDeliveryConfigurationException", Invalid),
    ("InvalidPrefixException", Invalid),
    ("InvalidQueryParameter", Invalid),
    ("InvalidTrailNameException", Invalid),
    ("RepeatOssBucket", Invalid),
    ("SlsProjectDoesNotExistException", Invalid),
    ("BucketDoesNotExistException", Invalid),
    ("ServiceUnavailable", Unavailable),
];
