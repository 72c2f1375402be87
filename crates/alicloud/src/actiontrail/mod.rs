//! `ActionTrail` 2020-07-06: the inner trail, delivery status, ordinary trails and events (cloud-api §1, §2).

mod events;
mod inner;
mod profile;
mod status;
mod trails;

pub use events::{EventLookup, EventPage};
pub use inner::{InnerTrail, NewInnerTrail};
pub use profile::{ProfileError, WireProfile};
pub use status::TrailStatus;
pub use trails::{Region, Trail, TrailSettings};

const VERSION: &str = "2020-07-06";

/// RAM names of the inner operations are not published; they follow the rule of the service (cloud-api §1.1).
mod operations {
    use crate::call::Operation;
    use crate::fault::Service::ActionTrail;

    pub(super) const DESCRIBE_INNER_TRAILS: Operation =
        Operation::reads(ActionTrail, "DescribeInnerTrails", "actiontrail:DescribeInnerTrails");
    pub(super) const CREATE_INNER_TRAIL: Operation =
        Operation::writes(ActionTrail, "CreateInnerTrail", "actiontrail:CreateInnerTrail");
    pub(super) const DELETE_INNER_TRAIL: Operation =
        Operation::writes(ActionTrail, "DeleteInnerTrail", "actiontrail:DeleteInnerTrail");
    pub(super) const GET_TRAIL_STATUS: Operation =
        Operation::reads(ActionTrail, "GetTrailStatus", "actiontrail:GetTrailStatus");
}
