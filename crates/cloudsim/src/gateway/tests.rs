//! Whatever arrives is answered: no input makes the gateway panic or change anything unsigned.

use bytes::Bytes;
use proptest::prelude::*;

use super::route::{Route, route};
use super::{perform, rpc, sls};
use crate::Sim;
use crate::request::{Peer, Request};

fn hosts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ram.aliyuncs.com".to_owned()),
        Just("actiontrail.cn-hangzhou.aliyuncs.com".to_owned()),
        "[a-z.\\-]{0,12}cn-hangzhou(-vpc)?\\.log\\.aliyuncs\\.com(:[0-9]{1,5})?",
        ".{0,40}",
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        Just("authorization".to_owned()),
        Just("x-acs-action".to_owned()),
        Just("x-acs-date".to_owned()),
        Just("x-log-date".to_owned()),
        Just("x-log-bodyrawsize".to_owned()),
        Just("content-type".to_owned()),
        "[a-z\\-]{1,12}",
    ];
    let value = prop_oneof![
        "(ACS3-HMAC-SHA256|SLS4-HMAC-SHA256) Credential=.{0,30},SignedHeaders=.{0,20},Signature=.{0,20}",
        "LOG .{0,20}:.{0,20}",
        Just("application/x-www-form-urlencoded".to_owned()),
        ".{0,30}",
    ];
    proptest::collection::vec((name, value), 0..6)
}

fn requests() -> impl Strategy<Value = Request> {
    let method = prop_oneof![Just("GET".to_owned()), Just("POST".to_owned()), "[A-Z]{1,7}"];
    let path =
        prop_oneof![Just("/".to_owned()), "/(logstores|dashboards|tags?|_sim)(/.{0,10}){0,3}", "/.{0,20}"];
    let query = "(Action=.{0,10}|type=(log|histogram)|[^=&]{0,5}=?.{0,10})(&.{0,12}){0,4}";
    let body = proptest::collection::vec(any::<u8>(), 0..64);
    (method, hosts(), path, query, headers(), body).prop_map(
        |(method, host, path, query, mut headers, body)| {
            headers.insert(0, ("host".to_owned(), host.clone()));
            Request {
                method,
                host,
                target_host: None,
                tunnel_host: None,
                path,
                query,
                headers,
                body: Bytes::from(body),
                peer: Peer::default(),
            }
        },
    )
}

proptest! {
    // Each case is a state directory and up to 32 requests.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn unsigned_noise_is_refused_and_changes_nothing(noise in proptest::collection::vec(requests(), 1..32)) {
        let directory = tempfile::tempdir().unwrap();
        let sim = Sim::open(directory.path(), 1).unwrap();
        let before = sim.store.read(|conn| conn.query_row("SELECT count(*) FROM project", [], |row| row.get::<_, i64>(0)));
        for request in noise {
            let arrived = match route(&request, &sim.domains) {
                Route::Rpc(service, region) => rpc::arrive(request, service, region),
                Route::Sls { region, project } => sls::arrive(request, region, project),
                Route::Accelerated { project } => {
                    let region = super::route::signed_region(&request);
                    sls::arrive(request, region, Some(project))
                }
                Route::Control
                | Route::Metadata
                | Route::Unresolvable(_)
                | Route::Unclear
                | Route::Contradictory => continue,
            };
            let reply = perform::perform(&sim, &arrived, None);
            prop_assert!((400..500).contains(&reply.status), "{} {:?}", reply.status, arrived.request);
        }
        let after = sim.store.read(|conn| conn.query_row("SELECT count(*) FROM project", [], |row| row.get::<_, i64>(0)));
        prop_assert_eq!(before.unwrap().unwrap(), after.unwrap().unwrap());
    }
}
