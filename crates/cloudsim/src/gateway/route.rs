//! Which service a request is for.
//!
//! By host, the way the real clients address it; on the emulator's own address by API version. A host that
//! would not resolve in the real world is told apart, so that a wrong region fails here as it does there.

use std::net::{IpAddr, Ipv4Addr};

use crate::request::Request;

/// Regions whose host names resolve (cloud-api §2.1).
pub(crate) const REGIONS: [&str; 28] = [
    "cn-qingdao",
    "cn-beijing",
    "cn-chengdu",
    "cn-zhangjiakou",
    "cn-huhehaote",
    "cn-hangzhou",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-hongkong",
    "cn-wulanchabu",
    "cn-nanjing",
    "cn-heyuan",
    "cn-guangzhou",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-7",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "eu-west-1",
    "eu-central-1",
    "us-west-1",
    "us-east-1",
    "me-east-1",
    "cn-shanghai-finance-1",
    "cn-north-2-gov-1",
];

/// Region meant by a central endpoint.
pub(crate) const CENTRAL_REGION: &str = "cn-hangzhou";

/// A service of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// ActionTrail, RPC version 2020-07-06.
    ActionTrail,
    /// Resource Access Management, RPC version 2015-05-01.
    Ram,
    /// Security Token Service, RPC version 2015-04-01.
    Sts,
    /// Log Service, REST.
    Sls,
}

impl Service {
    /// Name in the journal and in faults.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActionTrail => "actiontrail",
            Self::Ram => "ram",
            Self::Sts => "sts",
            Self::Sls => "sls",
        }
    }

    /// API version of an RPC service.
    fn of_version(version: &str) -> Option<Self> {
        match version {
            "2020-07-06" => Some(Self::ActionTrail),
            "2015-05-01" => Some(Self::Ram),
            "2015-04-01" => Some(Self::Sts),
            _ => None,
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// The emulator's own control API.
    Control,
    /// An RPC service in a region.
    Rpc(Service, String),
    /// Log Service in a region; no project for the bare endpoint.
    Sls { region: String, project: Option<String> },
    /// Log Service in whatever region the project is.
    Accelerated { project: String },
    /// The metadata server of an instance.
    Metadata,
    /// Target, tunnel and `Host` name different places, so a signature over one says nothing of the others.
    Contradictory,
    /// No machine has this name.
    Unresolvable(String),
    /// The emulator's own address, and nothing says which service is meant.
    Unclear,
}

/// Finds the service. `domains` are names that lead to this machine besides `localhost` and addresses.
pub(crate) fn route(request: &Request, domains: &[String]) -> Route {
    let host = request.host_name();
    let named = [&request.target_host, &request.tunnel_host].into_iter().flatten();
    if named.into_iter().any(|named| *named != host && !is_project_of(named, &host)) {
        return Route::Contradictory;
    }
    if let Some(name) = host.strip_suffix(".aliyuncs.com") {
        return by_host(name).unwrap_or(Route::Unresolvable(host));
    }
    if host == crate::metadata::HOST {
        return Route::Metadata;
    }
    let project = project_below(&host, domains).map(str::to_owned);
    let is_here = project.is_some() || request.names_this_machine() || domains.contains(&host);
    if request.target_host.is_some() && !is_here {
        return Route::Unresolvable(host);
    }
    if project.is_none() && (request.path == "/_sim" || request.path.starts_with("/_sim/")) {
        return Route::Control;
    }
    by_address(request, &host, project)
}

/// Whether a name is that of a project at an endpoint of Log Service. The official Java client (aliyun-log 0.6.151)
/// connects to it for tags, and means the endpoint: that one it names as `Host`, and signs.
fn is_project_of(named: &str, endpoint: &str) -> bool {
    let project = named.strip_suffix(endpoint).and_then(|rest| rest.strip_suffix('.'));
    project.is_some_and(|project| !project.is_empty() && !project.contains('.'))
        && endpoint.strip_suffix(".log.aliyuncs.com").is_some_and(|region| !region.contains('.'))
}

/// Whether a connection can be made to a host, given without port: one of the cloud, or the emulator itself.
pub(crate) fn is_reachable(host: &str) -> bool {
    match host.strip_suffix(".aliyuncs.com") {
        Some(name) => by_host(name).is_some(),
        None => host == "localhost" || address_of(host).is_some_and(|address| address.is_loopback()),
    }
}

/// The address that a host is, if it is none that has to be looked up; IPv6 in brackets or without.
pub(crate) fn address_of(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The project of `<project>.localhost`, and of `<project>.<domain>`.
fn project_below<'a>(host: &'a str, domains: &[String]) -> Option<&'a str> {
    let names = domains.iter().map(String::as_str).chain(["localhost"]);
    let mut projects = names.filter_map(|name| host.strip_suffix(name)?.strip_suffix('.'));
    projects.find(|project| !project.is_empty())
}

/// A request to the emulator's own address: RPC tells its version. Log Service, as `[<project>.]<address>`, as the
/// official Python client writes it, tells by its signature that it is meant.
fn by_address(request: &Request, host: &str, project: Option<String>) -> Route {
    let mut parameters = request.parameters();
    let version = request.header("x-acs-version").map(str::to_owned).or_else(|| parameters.remove("Version"));
    if let Some(service) = version.as_deref().and_then(Service::of_version) {
        let named = parameters.get("RegionId").and_then(|region| known_region(region));
        return Route::Rpc(service, named.unwrap_or(CENTRAL_REGION).to_owned());
    }
    let signature = request.header("authorization").unwrap_or_default();
    if project.is_none() && !signature.starts_with("LOG ") && !signature.starts_with("SLS4-") {
        return Route::Unclear;
    }
    let rest = host.split_once('.').filter(|(_, rest)| rest.parse::<Ipv4Addr>().is_ok());
    let project = project.or_else(|| rest.map(|(project, _)| project.to_owned()));
    Route::Sls { region: signed_region(request), project }
}

/// The region that a signature of version 4 is for: a host of this machine names none.
pub(crate) fn signed_region(request: &Request) -> String {
    let presented = request.with_signable(alicloud_sign::sls_v4::presented);
    let region = presented.ok().and_then(|presented| known_region(&presented.region));
    region.unwrap_or(CENTRAL_REGION).to_owned()
}

/// Routes the part of the host before `.aliyuncs.com`.
fn by_host(name: &str) -> Option<Route> {
    if let Some(rest) = name.strip_suffix(".log-global").or((name == "log-global").then_some("")) {
        return accelerated(rest);
    }
    if let Some(rest) = name.strip_suffix(".log").or((name == "log").then_some("")) {
        return sls_host(rest);
    }
    let (product, region) = match name.split_once('.') {
        Some((product, region)) => (product, known_region(region)?),
        None => (name, CENTRAL_REGION),
    };
    let service = match product {
        "actiontrail" | "actiontrail-vpc" | "actiontrail-openapi-share" => Service::ActionTrail,
        "sts" | "sts-vpc" => Service::Sts,
        "ram" if !name.contains('.') => Service::Ram,
        _ => return None,
    };
    Some(Route::Rpc(service, region.to_owned()))
}

/// `[<project>.]log-global`, the endpoint near the caller; without a project it is the central one.
fn accelerated(project: &str) -> Option<Route> {
    match project {
        "" => Some(Route::Sls { region: CENTRAL_REGION.to_owned(), project: None }),
        _ if project.contains('.') => None,
        _ => Some(Route::Accelerated { project: project.to_owned() }),
    }
}

/// `[<project>.]<region>[-intranet|-internal|-vpc|-share]`.
fn sls_host(name: &str) -> Option<Route> {
    let (project, endpoint) = match name.rsplit_once('.') {
        Some((project, endpoint)) => (Some(project.to_owned()), endpoint),
        None => (None, name),
    };
    let suffixes = ["-intranet", "-internal", "-vpc", "-share"];
    let region = suffixes.iter().find_map(|suffix| endpoint.strip_suffix(suffix)).unwrap_or(endpoint);
    Some(Route::Sls { region: known_region(region)?.to_owned(), project })
}

fn known_region(region: &str) -> Option<&'static str> {
    REGIONS.iter().copied().find(|known| *known == region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::get;

    fn route(request: &Request) -> Route {
        super::route(request, &["sim.test".to_owned()])
    }

    fn sls(region: &str, project: Option<&str>) -> Route {
        Route::Sls { region: region.to_owned(), project: project.map(str::to_owned) }
    }

    #[test]
    fn hosts_lead_to_their_service_and_region() {
        let cases = [
            (
                "actiontrail.cn-shanghai.aliyuncs.com",
                Route::Rpc(Service::ActionTrail, "cn-shanghai".to_owned()),
            ),
            ("actiontrail.aliyuncs.com", Route::Rpc(Service::ActionTrail, "cn-hangzhou".to_owned())),
            ("ram.aliyuncs.com", Route::Rpc(Service::Ram, "cn-hangzhou".to_owned())),
            ("sts-vpc.eu-central-1.aliyuncs.com", Route::Rpc(Service::Sts, "eu-central-1".to_owned())),
            ("p.cn-hangzhou.log.aliyuncs.com", sls("cn-hangzhou", Some("p"))),
            ("p.cn-hangzhou-intranet.log.aliyuncs.com:80", sls("cn-hangzhou", Some("p"))),
            ("cn-hangzhou.log.aliyuncs.com", sls("cn-hangzhou", None)),
            ("p.log-global.aliyuncs.com", Route::Accelerated { project: "p".to_owned() }),
            ("log-global.aliyuncs.com", sls("cn-hangzhou", None)),
        ];
        for (host, expected) in cases {
            assert_eq!(route(&get(host, "/")), expected, "{host}");
        }
    }

    #[test]
    fn unknown_regions_and_products_do_not_resolve() {
        for host in
            ["actiontrail.cn-atlantis.aliyuncs.com", "p.cn-nowhere.log.aliyuncs.com", "oss.aliyuncs.com"]
        {
            assert_eq!(route(&get(host, "/")), Route::Unresolvable(host.to_owned()));
        }
    }

    #[test]
    fn target_and_host_must_agree() {
        let mut request = get("ram.aliyuncs.com:80", "/");
        request.target_host = Some("ram.aliyuncs.com".to_owned());
        assert_eq!(route(&request), Route::Rpc(Service::Ram, "cn-hangzhou".to_owned()));
        request.target_host = Some("sts.aliyuncs.com".to_owned());
        assert_eq!(route(&request), Route::Contradictory);
    }

    #[test]
    fn endpoint_of_log_service_may_be_meant_where_a_project_of_it_is_the_target() {
        let to = |target: &str, host: &str| {
            let mut request = get(host, "/tag");
            request.target_host = Some(target.to_owned());
            route(&request)
        };
        let endpoint = "cn-hangzhou-intranet.log.aliyuncs.com";
        assert_eq!(to(&format!("p.{endpoint}"), endpoint), sls("cn-hangzhou", None));
        for (target, host) in [
            (endpoint, format!("p.{endpoint}").as_str()),
            (&format!("q.p.{endpoint}"), &format!("p.{endpoint}")),
            (&format!("q.p.{endpoint}"), endpoint),
            (&format!(".{endpoint}"), endpoint),
            (&format!("p{endpoint}"), endpoint),
            ("p.ram.aliyuncs.com", "ram.aliyuncs.com"),
        ] {
            assert_eq!(to(target, host), Route::Contradictory, "{target} {host}");
        }
    }

    #[test]
    fn tunnel_and_host_must_agree_whatever_the_target_says() {
        let mut request = get("ram.aliyuncs.com", "/");
        request.tunnel_host = Some("ram.aliyuncs.com".to_owned());
        assert_eq!(route(&request), Route::Rpc(Service::Ram, "cn-hangzhou".to_owned()));
        request.target_host = Some("sts.aliyuncs.com".to_owned());
        assert_eq!(route(&request), Route::Contradictory);
        request.tunnel_host = Some("sts.aliyuncs.com".to_owned());
        assert_eq!(route(&request), Route::Contradictory);
    }

    #[test]
    fn hosts_of_the_cloud_and_of_the_emulator_can_be_reached_and_no_others() {
        for host in ["ram.aliyuncs.com", "p.cn-hangzhou.log.aliyuncs.com", "localhost", "127.0.0.1", "[::1]"]
        {
            assert!(is_reachable(host), "{host}");
        }
        for host in ["oss.aliyuncs.com", "aliyuncs.com", "example.org", "10.0.0.1", "100.100.100.200", ""] {
            assert!(!is_reachable(host), "{host}");
        }
    }

    #[test]
    fn own_address_is_routed_by_version() {
        assert_eq!(
            route(&get("127.0.0.1:1", "/?Version=2015-05-01")),
            Route::Rpc(Service::Ram, "cn-hangzhou".to_owned())
        );
        assert_eq!(route(&get("127.0.0.1:1", "/")), Route::Unclear);
        assert_eq!(route(&get("127.0.0.1:1", "/_sim/state")), Route::Control);
    }

    #[test]
    fn log_service_is_known_by_its_signature_on_the_own_address() {
        let cases = [("my-proj.127.0.0.1", Some("my-proj")), ("127.0.0.1:80", None), ("localhost:1", None)];
        for (host, project) in cases {
            let mut request = get(host, "/logstores");
            assert_eq!(route(&request), Route::Unclear, "{host}");
            request.headers.push(("authorization".to_owned(), "LOG key:signature".to_owned()));
            assert_eq!(route(&request), sls("cn-hangzhou", project), "{host}");
        }
    }

    #[test]
    fn control_api_is_not_reachable_under_a_cloud_host() {
        for host in ["ram.aliyuncs.com", "p.localhost", "p.sim.test"] {
            assert_ne!(route(&get(host, "/_sim/state")), Route::Control, "{host}");
        }
    }

    #[test]
    fn names_below_this_machine_are_projects() {
        for host in ["my-proj.localhost:8085", "my-proj.sim.test"] {
            assert_eq!(route(&get(host, "/logstores")), sls("cn-hangzhou", Some("my-proj")), "{host}");
        }
        assert_eq!(route(&get(".localhost", "/")), Route::Unclear);
        assert_eq!(route(&get("my-proj.other.test", "/")), Route::Unclear);
    }

    #[test]
    fn domain_itself_is_this_machine() {
        for (host, expected) in
            [("sim.test", Route::Control), ("other.test", Route::Unresolvable("other.test".to_owned()))]
        {
            let mut request = get(host, "/_sim/state");
            request.target_host = Some(host.to_owned());
            assert_eq!(route(&request), expected);
        }
    }

    #[test]
    fn region_on_the_own_address_is_the_one_that_is_signed_for() {
        let authorization =
            "SLS4-HMAC-SHA256 Credential=key/20261122/cn-shanghai/sls/aliyun_v4_request,Signature=00";
        for host in ["my-proj.127.0.0.1", "my-proj.localhost", "my-proj.sim.test"] {
            let mut request = get(host, "/logstores");
            request.headers.push(("authorization".to_owned(), authorization.to_owned()));
            request.headers.push(("x-log-date".to_owned(), "20261122T072832Z".to_owned()));
            assert_eq!(route(&request), sls("cn-shanghai", Some("my-proj")), "{host}");
        }
    }

    #[test]
    fn region_of_an_rpc_call_to_the_own_address_is_a_parameter() {
        let of = |region: &str| route(&get("127.0.0.1:1", &format!("/?Version=2020-07-06{region}")));
        assert_eq!(of("&RegionId=cn-shanghai"), Route::Rpc(Service::ActionTrail, "cn-shanghai".to_owned()));
        for none in ["", "&RegionId=", "&RegionId=cn-atlantis"] {
            assert_eq!(of(none), Route::Rpc(Service::ActionTrail, "cn-hangzhou".to_owned()), "{none}");
        }
    }
}
