//! The operations beyond those the operator needs to keep an inner trail: what is sent and what is read.

mod actiontrail;
mod ram_sts;
mod sls;

use std::sync::Arc;

use alicloud_sign::{acs3, sls_v4};
use http::Request;

use crate::support::{SECRET, Script, as_signed, header, only, parameters};

/// Host, action and parameters of the only request, signed, of that method and without a body.
fn rpc(script: &Arc<Script>, method: &str) -> (String, String, Vec<(String, String)>) {
    let request = only(script);
    as_signed(&request, |signed| {
        let presented = acs3::presented(signed).unwrap();
        acs3::verify(signed, &presented, SECRET).unwrap();
    });
    assert!(request.method() == method && request.body().is_empty(), "{}", request.method());
    let text = |name| header(&request, name).to_owned();
    (text("host"), text("x-acs-action"), parameters(&request))
}

/// That the only request is a POST of this action and these parameters.
#[track_caller]
fn expect_rpc(script: &Arc<Script>, host: &str, action: &str, expected: &[(&str, &str)]) {
    expect_rpc_by("POST", script, host, action, expected);
}

/// The same, of another method.
#[track_caller]
fn expect_rpc_by(method: &str, script: &Arc<Script>, host: &str, action: &str, expected: &[(&str, &str)]) {
    let format = std::iter::once(("Format", "JSON"));
    let all = expected.iter().copied().chain(format);
    let mut all: Vec<_> = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    all.sort();
    assert_eq!(rpc(script, method), (host.to_owned(), action.to_owned(), all));
}

/// The only request, to Log Service and signed.
fn sls(script: &Arc<Script>) -> Request<bytes::Bytes> {
    let request = only(script);
    as_signed(&request, |signed| {
        let presented = sls_v4::presented(signed).unwrap();
        sls_v4::verify(signed, &presented, SECRET).unwrap();
    });
    request
}

/// That the only request goes to this host with this method, path and query.
#[track_caller]
fn expect_sls(script: &Arc<Script>, host: &str, method: &str, target: &str) -> Request<bytes::Bytes> {
    let request = sls(script);
    assert_eq!((request.method().as_str(), header(&request, "host")), (method, host));
    assert_eq!(request.uri().path_and_query().unwrap().as_str(), target);
    request
}
