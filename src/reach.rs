//! The way to the cloud: its flags, and the client they describe.
//!
//! Takes flags and what the environment holds, read by the caller; returns a [`Cloud`]. Sends nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alicloud::{
    CallPolicy, Clock, Cloud, Endpoints, Environment, HttpOptions, HttpTransport, Network, Service,
    WireProfile,
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};

/// Flags of `run`.
#[derive(Args)]
pub(crate) struct Reach {
    /// Sends every Alibaba Cloud request to this address as plain HTTP, with its real host name, as to a forward
    /// proxy: for the emulator. Without it, requests go to the real hosts over HTTPS.
    #[arg(long, env = "INNERTRAIL_CLOUD_ENDPOINT", value_name = "URL")]
    cloud_endpoint: Option<String>,
    /// From where the cloud is reached, which decides the host names: over the internet, from a VPC, or from the classic
    /// intranet. ActionTrail and RAM have public names only.
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t = From::Public)]
    cloud_network: From,
    /// Sends the calls of one service - actiontrail, sls, ram or sts - to this host instead of the usual one, such as
    /// `actiontrail=actiontrail.example.com`; for Log Service it is what comes after `<project>.`. Once for each service.
    #[arg(long, value_name = "SERVICE=HOST", value_parser = service_host)]
    cloud_host: Vec<(Service, String)>,
    /// Reaches the real hosts through this HTTP proxy. Without it `HTTPS_PROXY` or `https_proxy` counts; `NO_PROXY` or
    /// `no_proxy` lists hosts to reach directly.
    #[arg(long, value_name = "URL")]
    cloud_proxy: Option<String>,
    /// Trusts the certificates in this PEM file, besides those of the system, when it calls the real hosts.
    #[arg(long, value_name = "FILE")]
    cloud_ca_file: Option<PathBuf>,
    /// Longest time one attempt of a call to Alibaba Cloud may take, in seconds. One that had no effect is made again
    /// within half that time.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    call_timeout_secs: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    /// The internet.
    Public,
    /// A virtual private cloud.
    Vpc,
    /// The classic intranet of a region.
    Intranet,
}

/// The proxy that the environment names, for the cloud alone.
pub(crate) struct CloudProxy {
    url: Option<String>,
    exceptions: Option<String>,
}

impl CloudProxy {
    /// Takes a way to look one variable up.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |upper, lower| variable(upper).or_else(|| variable(lower));
        Self { url: either("HTTPS_PROXY", "https_proxy"), exceptions: either("NO_PROXY", "no_proxy") }
    }

    /// Outside a cluster the configuration takes it over for the API server, where it is not supported. A proxy that a
    /// kubeconfig names stays, and is refused as such.
    pub(crate) fn kept_from(&self, mut config: kube::Config) -> kube::Config {
        let own = self.url.as_ref().and_then(|url| url.parse().ok());
        config.proxy_url = config.proxy_url.filter(|url| own.as_ref() != Some(url));
        config
    }
}

impl Reach {
    /// The client of the cloud.
    pub(crate) fn cloud(
        &self,
        environment: &Environment,
        proxy: &CloudProxy,
        clock: Arc<dyn Clock>,
        profile: WireProfile,
    ) -> anyhow::Result<Cloud> {
        let transport = HttpTransport::new(&self.http(proxy)).context("cannot call the cloud")?;
        let cloud = Cloud::new(Arc::new(transport), clock, Arc::new(profile));
        Ok(cloud.with_endpoints(self.endpoints(environment)).with_policy(self.policy()))
    }

    /// From the start of a call until it can have no effect any more.
    pub(crate) fn call_limit(&self) -> Duration {
        self.policy().total + self.call_timeout()
    }

    const fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout_secs)
    }

    /// A hiccup is outlived within a call; what lasts is told by the pass, which comes back by itself. Kept short, because
    /// whoever finds an open intent waits as long as a call may take.
    fn policy(&self) -> CallPolicy {
        CallPolicy { total: self.call_timeout() / 2, ..CallPolicy::standard() }
    }

    fn http(&self, proxy: &CloudProxy) -> HttpOptions {
        HttpOptions {
            endpoint: self.cloud_endpoint.clone(),
            connect_timeout: self.call_timeout().min(Duration::from_secs(5)),
            read_timeout: self.call_timeout().min(Duration::from_secs(30)),
            call_timeout: self.call_timeout(),
            https_proxy: self.cloud_proxy.clone().or_else(|| proxy.url.clone()),
            no_proxy: proxy.exceptions.clone(),
            ca_file: self.cloud_ca_file.clone(),
        }
    }

    /// The hosts as seen from the network; the STS that the environment names wins, and a flag over both.
    fn endpoints(&self, environment: &Environment) -> Endpoints {
        let endpoints = Endpoints::new(match self.cloud_network {
            From::Public => Network::Public,
            From::Vpc => Network::Vpc,
            From::Intranet => Network::Intranet,
        });
        let sts = environment.sts_host().map(|host| (Service::Sts, host));
        let hosts = sts.into_iter().chain(self.cloud_host.iter().cloned());
        hosts.fold(endpoints, |endpoints, (service, host)| endpoints.with(service, host))
    }
}

/// Reads `SERVICE=HOST`, where a port may follow the host.
fn service_host(text: &str) -> Result<(Service, String), String> {
    let (name, host) = text.split_once('=').ok_or("not of the form SERVICE=HOST")?;
    let service = Service::ALL.into_iter().find(|service| service.as_str() == name);
    let service = service.ok_or_else(|| {
        format!("`{name}` is no service; there are {}", Service::ALL.map(Service::as_str).join(", "))
    })?;
    let fits = host.chars().all(|char| char.is_ascii_alphanumeric() || ".-:[]".contains(char));
    if host.is_empty() || !fits {
        return Err(format!("`{host}` is no host name; a scheme or a path does not belong here"));
    }
    Ok((service, host.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        reach: Reach,
    }

    fn reach(flags: &[&str]) -> Reach {
        Cli::try_parse_from([&["test"], flags].concat()).unwrap().reach
    }

    fn variables(pairs: &[(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_flag_for_the_proxy_wins_over_the_environment_and_upper_case_over_lower() {
        let both =
            [("HTTPS_PROXY", "http://upper:1"), ("https_proxy", "http://lower:1"), ("no_proxy", ".internal")];
        let chosen = |flags: &[&str], pairs: &[(&'static str, &'static str)]| {
            let proxy = CloudProxy::read(variables(pairs));
            reach(flags).http(&proxy)
        };
        let flagged = chosen(&["--cloud-proxy=http://flag:1"], &both);
        assert_eq!(flagged.https_proxy.as_deref(), Some("http://flag:1"));
        assert_eq!(flagged.no_proxy.as_deref(), Some(".internal"));
        assert_eq!(chosen(&[], &both).https_proxy.as_deref(), Some("http://upper:1"));
        assert_eq!(chosen(&[], &both[1..]).https_proxy.as_deref(), Some("http://lower:1"));
        assert_eq!(chosen(&[], &[]).https_proxy, None);
    }

    #[test]
    fn a_proxy_to_the_cloud_is_kept_from_the_api_server_and_one_of_the_kubeconfig_is_not() {
        let proxied = |url: &str| {
            let mut config = kube::Config::new("https://127.0.0.1:6443".parse().unwrap());
            config.proxy_url = Some(url.parse().unwrap());
            let proxy = CloudProxy::read(variables(&[("HTTPS_PROXY", "http://cloud:1")]));
            proxy.kept_from(config).proxy_url.map(|url| url.to_string())
        };
        assert_eq!(proxied("http://cloud:1"), None);
        assert_eq!(proxied("http://cluster:1").as_deref(), Some("http://cluster:1/"));
    }

    #[test]
    fn the_network_chooses_the_hosts_and_the_environment_the_sts() {
        let vpc = reach(&["--cloud-network=vpc"]);
        let hosts = vpc.endpoints(&Environment::default());
        assert_eq!(hosts.host(Service::Sts, "cn-hangzhou"), "sts-vpc.cn-hangzhou.aliyuncs.com");
        assert_eq!(hosts.host(Service::Sls, "cn-hangzhou"), "cn-hangzhou-intranet.log.aliyuncs.com");
        let named = Environment { sts_endpoint: Some("sts.test".to_owned()), ..Environment::default() };
        assert_eq!(vpc.endpoints(&named).host(Service::Sts, "cn-hangzhou"), "sts.test");
    }

    #[test]
    fn a_host_that_a_flag_names_wins_for_its_service() {
        let named = reach(&["--cloud-host=actiontrail=trails.test", "--cloud-host=sts=sts.test:8443"]);
        let environment =
            Environment { sts_endpoint: Some("other.test".to_owned()), ..Environment::default() };
        let hosts = named.endpoints(&environment);
        assert_eq!(hosts.host(Service::ActionTrail, "cn-hangzhou"), "trails.test");
        assert_eq!(hosts.host(Service::Sts, "cn-hangzhou"), "sts.test:8443");
        assert_eq!(hosts.host(Service::Sls, "cn-hangzhou"), "cn-hangzhou.log.aliyuncs.com");
    }

    #[test]
    fn a_host_for_an_unknown_service_is_refused_with_the_names_of_the_known_ones() {
        let error = service_host("oss=oss.test").unwrap_err();
        assert_eq!(error, "`oss` is no service; there are actiontrail, sls, ram, sts");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["ram", "ram=", "ram=https://ram.test", "ram=ram.test/x", "ram=a@b", "ram=a b"] {
            assert!(service_host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_call_with_all_its_attempts_has_a_limit() {
        assert_eq!(reach(&["--call-timeout-secs=4"]).call_limit(), Duration::from_secs(6));
    }
}
