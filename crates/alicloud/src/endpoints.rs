//! Which host answers for a service in a region (cloud-api §2.1, §3, §4.1, §6).
//!
//! Takes a service and a region; returns a host name. *Invariant:* a host is built from a region that is one
//! label, or is an override that was given; nothing a server says chooses where a signed request goes.

use std::collections::BTreeMap;

use crate::fault::Service;

/// From where the cloud is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The public internet.
    #[default]
    Public,
    /// A virtual private cloud. Log Service serves it at its intranet name, STS at `sts-vpc`. No name of its own is
    /// documented for `ActionTrail` and RAM (2026-11-22), so these stay public unless overridden.
    Vpc,
    /// The classic intranet of a region: as [`Network::Vpc`], but STS stays public.
    Intranet,
}

/// The hosts of the services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    network: Network,
    overrides: BTreeMap<Service, String>,
}

impl Endpoints {
    /// The documented hosts as seen from `network`.
    pub const fn new(network: Network) -> Self {
        Self { network, overrides: BTreeMap::new() }
    }

    /// Sends every call of `service` to `host` (a name, with `:port` if need be). For Log Service it is what
    /// comes after `<project>.`.
    #[must_use]
    pub fn with(mut self, service: Service, host: impl Into<String>) -> Self {
        self.overrides.insert(service, host.into());
        self
    }

    /// Whether every call of `service` goes to a host that was given.
    pub(crate) fn is_overridden(&self, service: Service) -> bool {
        self.overrides.contains_key(&service)
    }

    /// The host of a service in a region; for Log Service, without the project.
    pub fn host(&self, service: Service, region: &str) -> String {
        self.overrides.get(&service).cloned().unwrap_or_else(|| documented(service, region, self.network))
    }
}

fn documented(service: Service, region: &str, network: Network) -> String {
    match (service, network) {
        (Service::Ram, _) => "ram.aliyuncs.com".to_owned(),
        (Service::ActionTrail, _) => actiontrail(region),
        (Service::Sts, Network::Vpc) => format!("sts-vpc.{region}.aliyuncs.com"),
        (Service::Sts, Network::Public | Network::Intranet) => format!("sts.{region}.aliyuncs.com"),
        (Service::Sls, Network::Public) => format!("{region}.log.aliyuncs.com"),
        (Service::Sls, Network::Vpc | Network::Intranet) => format!("{region}-intranet.log.aliyuncs.com"),
    }
}

/// The host of `ActionTrail` in a region.
fn actiontrail(region: &str) -> String {
    match region {
        "ap-northeast-2-pop" | "eu-west-1-oxs" | "rus-west-1-pop" => {
            "actiontrail.ap-northeast-1.aliyuncs.com".to_owned()
        }
        region if CENTRAL.contains(&region) => "actiontrail.aliyuncs.com".to_owned(),
        region => format!("actiontrail.{region}.aliyuncs.com"),
    }
}

/// Regions that the central `ActionTrail` serves. This and the three above are the whole `_endpoint_map` of the
/// official client `alibabacloud_actiontrail20200706` 2.6.0 (read 2026-11-25).
const CENTRAL: [&str; 29] = [
    "cn-beijing-finance-1",
    "cn-beijing-finance-pop",
    "cn-beijing-gov-1",
    "cn-beijing-nu16-b01",
    "cn-edge-1",
    "cn-fujian",
    "cn-haidian-cm12-c01",
    "cn-hangzhou-bj-b01",
    "cn-hangzhou-finance",
    "cn-hangzhou-internal-prod-1",
    "cn-hangzhou-internal-test-1",
    "cn-hangzhou-internal-test-2",
    "cn-hangzhou-internal-test-3",
    "cn-hangzhou-test-306",
    "cn-hongkong-finance-pop",
    "cn-qingdao-nebula",
    "cn-shanghai-et15-b01",
    "cn-shanghai-et2-b01",
    "cn-shanghai-inner",
    "cn-shanghai-internal-test-1",
    "cn-shenzhen-finance-1",
    "cn-shenzhen-inner",
    "cn-shenzhen-st4-d01",
    "cn-shenzhen-su18-b01",
    "cn-wuhan",
    "cn-yushanfang",
    "cn-zhangbei-na61-b01",
    "cn-zhangjiakou-na62-a01",
    "cn-zhengzhou-nebula-1",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(network: Network) -> [String; 4] {
        let endpoints = Endpoints::new(network);
        [Service::ActionTrail, Service::Sls, Service::Ram, Service::Sts]
            .map(|service| endpoints.host(service, "cn-hangzhou"))
    }

    #[test]
    fn every_network_has_its_hosts() {
        let trail = "actiontrail.cn-hangzhou.aliyuncs.com";
        let (ram, sts) = ("ram.aliyuncs.com", "sts.cn-hangzhou.aliyuncs.com");
        let intranet = "cn-hangzhou-intranet.log.aliyuncs.com";
        assert_eq!(hosts(Network::Public), [trail, "cn-hangzhou.log.aliyuncs.com", ram, sts]);
        assert_eq!(hosts(Network::Vpc), [trail, intranet, ram, "sts-vpc.cn-hangzhou.aliyuncs.com"]);
        assert_eq!(hosts(Network::Intranet), [trail, intranet, ram, sts]);
    }

    #[test]
    fn an_override_wins_for_its_service_alone() {
        let endpoints = Endpoints::new(Network::Vpc).with(Service::Sts, "sts.test:8080");
        assert_eq!(endpoints.host(Service::Sts, "cn-hangzhou"), "sts.test:8080");
        assert_eq!(endpoints.host(Service::Ram, "cn-hangzhou"), "ram.aliyuncs.com");
    }

    fn trails_of(region: &str) -> String {
        Endpoints::default().host(Service::ActionTrail, region)
    }

    #[test]
    fn a_region_without_an_actiontrail_of_its_own_is_served_by_another() {
        assert_eq!(trails_of("rus-west-1-pop"), "actiontrail.ap-northeast-1.aliyuncs.com");
    }

    #[test]
    fn the_central_actiontrail_serves_finance_government_and_edge_regions() {
        for region in ["cn-hangzhou-finance", "cn-beijing-gov-1", "cn-edge-1", "cn-shenzhen-finance-1"] {
            assert_eq!(trails_of(region), "actiontrail.aliyuncs.com", "{region}");
        }
    }

    #[test]
    fn a_finance_or_government_region_with_an_actiontrail_of_its_own_keeps_it() {
        for region in ["cn-shanghai-finance-1", "cn-north-2-gov-1"] {
            assert_eq!(trails_of(region), format!("actiontrail.{region}.aliyuncs.com"));
        }
    }
}
