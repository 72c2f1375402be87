//! A metadata server, an STS and a credentials URI in memory, and the clock they share with the client.
//!
//! The clock is tokio's paused one, so waiting moves it and nothing takes real time.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alicloud::{Clock, Cloud, Credentials, Source, Transport, TransportError, WireProfile};
use alicloud_sign::acs3;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::as_signed;

pub const TOKEN: &str = "header.good.token";

/// Tokio's time, from the epoch on.
pub struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }
}

/// What the fake does; every field may be changed while it runs.
pub struct Fake {
    clock: TokioClock,
    /// Requests by what they ask for.
    log: Mutex<Vec<String>>,
    issued: AtomicUsize,
    /// Life of what is issued, in seconds.
    pub life_secs: AtomicI64,
    /// What is asked for that gets no reply or a refusal, by the name in the log.
    broken: Mutex<Vec<(String, Break)>>,
}

/// How something is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Nobody listens.
    Refuses,
    /// No reply ever comes.
    Hangs,
    /// A status with an error code.
    Code(u16, &'static str),
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: TokioClock(tokio::time::Instant::now()),
            log: Mutex::default(),
            issued: AtomicUsize::new(0),
            life_secs: AtomicI64::new(3600),
            broken: Mutex::default(),
        })
    }

    pub fn cloud(self: &Arc<Self>) -> Cloud {
        let clock = Arc::new(TokioClock(self.clock.0));
        Cloud::new(self.clone(), clock, Arc::new(WireProfile::builtin()))
    }

    pub fn credentials(self: &Arc<Self>, source: Source) -> Credentials {
        Credentials::new(&self.cloud(), "cn-hangzhou", vec![source], Vec::new()).unwrap()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn break_down(&self, what: &str, how: Break) {
        self.broken.lock().unwrap().push((what.to_owned(), how));
    }

    pub fn mend(&self) {
        self.broken.lock().unwrap().clear();
    }

    /// What was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().drain(..).collect()
    }

    fn issue(&self, name: &str) -> Value {
        let number = self.issued.fetch_add(1, Ordering::Relaxed) + 1;
        let life = Duration::from_secs(self.life_secs.load(Ordering::Relaxed).unsigned_abs());
        json!({
            "AccessKeyId": format!("STS.{name}-{number}"),
            "AccessKeySecret": "issued-secret",
            "SecurityToken": format!("issued-token-{number}"),
            "Expiration": (self.now() + life).to_string(),
        })
    }

    async fn broken(&self, what: &str) -> Option<Result<Response<Bytes>, TransportError>> {
        let how = self.broken.lock().unwrap().iter().find(|(name, _)| name == what).map(|(_, how)| *how);
        match how? {
            Break::Refuses => Some(Err(TransportError::Connect("refused".into()))),
            Break::Hangs => std::future::pending().await,
            Break::Code(status, code) => {
                Some(Ok(reply(status, &json!({ "Code": code, "Message": "broken" }))))
            }
        }
    }

    fn sts(&self, action: &str, request: &Request<Bytes>) -> Response<Bytes> {
        match action {
            "AssumeRoleWithOIDC" => self.oidc(request),
            "GetCallerIdentity" => {
                signed_by(request);
                reply(200, &json!({ "AccountId": "1", "Arn": "a", "IdentityType": "AssumedRoleUser" }))
            }
            "AssumeRole" => {
                let by = signed_by(request);
                let pairs = alicloud_sign::parameters(request.uri().query().unwrap());
                let text = |name: &str| {
                    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value).to_owned()
                };
                let name = format!("{by}>{}?{}", text("RoleArn"), text("ExternalId"));
                reply(200, &json!({ "Credentials": self.issue(&name) }))
            }
            other => panic!("no such action: {other}"),
        }
    }

    fn oidc(&self, request: &Request<Bytes>) -> Response<Bytes> {
        assert!(!request.headers().contains_key("authorization"), "the token is the proof");
        let body = std::str::from_utf8(request.body()).unwrap();
        let pairs = alicloud_sign::parameters(body);
        let token = pairs.iter().find(|(name, _)| name == "OIDCToken").map(|(_, value)| value.as_str());
        if !token.is_some_and(|token| token.starts_with(TOKEN)) {
            let body = json!({ "Code": "AuthenticationFail.OIDCToken.Invalid",
                "Message": format!("bad token {}", token.unwrap_or_default()) });
            return reply(401, &body);
        }
        reply(200, &json!({ "Credentials": self.issue("oidc") }))
    }

    fn metadata(&self, what: &str, request: &Request<Bytes>) -> Response<Bytes> {
        match what {
            "PUT /latest/api/token" => {
                assert_eq!(request.headers()["x-aliyun-ecs-metadata-token-ttl-seconds"], "21600");
                Response::new(Bytes::from_static(b"metadata-token"))
            }
            "GET /latest/meta-data/ram/security-credentials/" => {
                Response::new(Bytes::from_static(b"instance-role\n"))
            }
            _ => {
                let mut body = self.issue(what.rsplit('/').next().unwrap());
                body["Code"] = "Success".into();
                reply(200, &body)
            }
        }
    }
}

/// The id of the key a request is signed with; temporary ones bring their token.
fn signed_by(request: &Request<Bytes>) -> String {
    as_signed(request, |signed| {
        let presented = acs3::presented(signed).unwrap();
        let temporary = presented.access_key_id.starts_with("STS.");
        acs3::verify(signed, &presented, if temporary { "issued-secret" } else { "static-secret" }).unwrap();
        assert_eq!(temporary, signed.header("x-acs-security-token").is_some());
        presented.access_key_id
    })
}

pub fn reply(status: u16, body: &Value) -> Response<Bytes> {
    let mut reply = Response::new(Bytes::from(body.to_string()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    reply
}

fn action(request: &Request<Bytes>) -> Option<String> {
    let header = request.headers().get("x-acs-action").map(|action| action.to_str().unwrap().to_owned());
    let pairs = alicloud_sign::parameters(request.uri().query().unwrap_or_default());
    header.or_else(|| pairs.into_iter().find(|(name, _)| name == "Action").map(|(_, value)| value))
}

#[async_trait]
impl Transport for Fake {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        assert_eq!(request.headers()["host"], request.uri().authority().unwrap().as_str());
        let action = action(&request);
        let what = action.clone().unwrap_or_else(|| format!("{} {}", request.method(), request.uri().path()));
        self.log.lock().unwrap().push(what.clone());
        // A round trip takes time, so that others come by meanwhile.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if let Some(outcome) = self.broken(&what).await {
            return outcome;
        }
        Ok(action.map_or_else(|| self.metadata(&what, &request), |action| self.sts(&action, &request)))
    }
}
