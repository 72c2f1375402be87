//! What every test of the whole operator stands on.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use testenv::custody::scratch;
use testenv::{ControlPlane, Custody, Emulator, Kubectl, Launch, Operator, place, wait};

/// Longest any one condition is awaited; the machine may be compiling meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Calls to the emulator end within this many seconds, so that a lost one is given up soon.
const CALL_TIMEOUT_SECS: &str = "3";
/// Settled objects are looked at this often.
const INTERVAL_SECS: &str = "1";

/// Tests mostly wait, so two can go on side by side; each has a control plane to itself while it runs.
static PLANES: [Mutex<Option<ControlPlane>>; 2] = [Mutex::new(None), Mutex::new(None)];
static STAGES: AtomicUsize = AtomicUsize::new(0);

/// An emulator, an operator and a namespace of one test.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) operator: Operator,
    pub(crate) namespace: String,
    pub(crate) kubectl: Kubectl,
    plane: MutexGuard<'static, Option<ControlPlane>>,
    /// Ends emulator and operator with the test, however it ends.
    _custody: Custody,
}

impl Stage {
    /// Everything running; the operator has the emulator's access key in its environment.
    pub(crate) fn open() -> Self {
        Self::with(Emulator::credentials)
    }

    /// The same, with something done to the cluster before the operator starts.
    pub(crate) fn installed(prepare: impl FnOnce(&Kubectl)) -> Self {
        Self::set(prepare, Emulator::credentials)
    }

    /// The same, with another environment for the operator.
    pub(crate) fn with(environment: impl FnOnce(&Emulator) -> Vec<(String, String)>) -> Self {
        Self::set(|_| (), environment)
    }

    fn set(
        prepare: impl FnOnce(&Kubectl),
        environment: impl FnOnce(&Emulator) -> Vec<(String, String)>,
    ) -> Self {
        let turn = STAGES.fetch_add(1, Ordering::Relaxed);
        let mut plane = PLANES[turn % PLANES.len()].lock().unwrap_or_else(PoisonError::into_inner);
        let running = plane.get_or_insert_with(installed_plane);
        let kubectl = running.client().clone();
        prepare(&kubectl);
        let custody = Custody::new().unwrap();
        let dir = scratch(&custody).unwrap();
        let emulator = Emulator::start(&place::binary("cloudsim"), &dir.join("cloud"), &custody).unwrap();
        let launch = Launch {
            binary: PathBuf::from(env!("CARGO_BIN_EXE_innertrail")),
            kubeconfig: running
                .service_account_kubeconfig("innertrail-system", "innertrail-operator")
                .unwrap(),
            cloud_endpoint: emulator.address().to_owned(),
            env: environment(&emulator),
            args: ["--call-timeout-secs", CALL_TIMEOUT_SECS, "--interval-secs-max", INTERVAL_SECS]
                .map(str::to_owned)
                .to_vec(),
            log: dir.join("operator.log"),
        };
        let mut operator = Operator::start(&launch, &custody).unwrap();
        operator
            .wait_ready()
            .unwrap_or_else(|error| panic!("{error:#}\n--- operator ---\n{}", operator.log_tail(30)));
        let namespace = format!("stage-{turn}");
        kubectl.ok(&["create", "namespace", &namespace]).unwrap();
        Self { emulator, operator, namespace, kubectl, plane, _custody: custody }
    }

    /// The control plane, for tests that harm it.
    pub(crate) fn plane(&mut self) -> &mut ControlPlane {
        self.plane.as_mut().unwrap()
    }

    /// Applies an `InnerTrail` of this name with the sample's spec, changed by `patch`.
    pub(crate) fn apply(&self, name: &str, patch: &Value) {
        self.kubectl.apply(&self.manifest(name, patch).to_string()).unwrap();
    }

    pub(crate) fn manifest(&self, name: &str, patch: &Value) -> Value {
        let mut spec = json!({
            "region": "cn-hangzhou",
            "interval": "1m",
            "destination": {"project": "my-audit", "create": "ProjectAndLogstore", "retention": {"minDays": 180}},
        });
        merge(&mut spec, patch);
        json!({
            "apiVersion": "innertrail.io/v1alpha1",
            "kind": "InnerTrail",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        })
    }

    /// Applies the Secret `alibaba` with this access key.
    pub(crate) fn secret(&self, id: &str, key: &str) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "alibaba", "namespace": self.namespace},
            "stringData": {"accessKeyId": id, "accessKeySecret": key},
        });
        self.kubectl.apply(&secret.to_string()).unwrap();
    }

    /// Merges `patch` into the object.
    pub(crate) fn patch(&self, name: &str, patch: &Value) {
        let patch = patch.to_string();
        self.kubectl
            .ok(&["patch", "itrail", name, "-n", &self.namespace, "--type=merge", "-p", &patch])
            .unwrap();
    }

    pub(crate) fn get(&self, name: &str) -> Value {
        self.kubectl.json(&["get", "itrail", name, "-n", &self.namespace]).unwrap()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.kubectl.run(&["get", "itrail", name, "-n", &self.namespace]).unwrap().status.success()
    }

    pub(crate) fn delete(&self, name: &str) {
        self.kubectl.ok(&["delete", "itrail", name, "-n", &self.namespace, "--wait=false"]).unwrap();
    }

    /// Waits until a condition shows status and reason; returns the condition.
    pub(crate) fn await_condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> Value {
        self.until(&format!("{kind}={status} {reason} on {name}"), || {
            let shown = condition(&self.get(name), kind);
            if shown["status"] == status && shown["reason"] == reason {
                Ok(shown)
            } else {
                Err(shown.to_string())
            }
        })
    }

    /// Waits for `Ready=True`.
    pub(crate) fn await_ready(&self, name: &str) {
        self.await_condition(name, "Ready", "True", "Recording");
    }

    pub(crate) fn await_gone(&self, name: &str) {
        self.until(&format!("{name} to be gone"), || {
            if self.exists(name) {
                Err(condition(&self.get_or_null(name), "Ready").to_string())
            } else {
                Ok(())
            }
        });
    }

    fn get_or_null(&self, name: &str) -> Value {
        self.kubectl.json(&["get", "itrail", name, "-n", &self.namespace]).unwrap_or_default()
    }

    /// Waits until `look` is `Ok`; on failure shows what was seen last and the end of the operator's log.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
        let waited = wait::until(what, PATIENCE, || {
            Ok(match look() {
                Ok(value) => ControlFlow::Break(value),
                Err(seen) => ControlFlow::Continue(seen),
            })
        });
        waited.unwrap_or_else(|error| panic!("{error:#}\n--- operator ---\n{}", self.operator.log_tail(30)))
    }

    /// All calls the emulator has seen.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let answer = self.emulator.get("/_sim/journal?after=0").unwrap();
        answer["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["caller"] != "console")
            .cloned()
            .collect()
    }

    /// Calls that changed something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let journal = self.journal();
        let changes = journal.iter().filter(|call| call["changed"] == true);
        changes.map(|call| call["action"].as_str().unwrap().to_owned()).collect()
    }

    /// The emulator's account.
    pub(crate) fn account(&self) -> Value {
        let state = self.emulator.get("/_sim/state").unwrap();
        let id = &self.emulator.greeting().account;
        state["accounts"].as_array().unwrap().iter().find(|account| account["id"] == **id).unwrap().clone()
    }

    /// Does something to the account as a console user would.
    pub(crate) fn act(&self, action: &Value) -> Value {
        self.emulator.post("/_sim/actions", action).unwrap()
    }

    /// Asks for a pass and waits until it was made.
    pub(crate) fn pass(&self, name: &str, token: &str) {
        let annotation = format!("innertrail.io/requestedAt={token}");
        self.kubectl
            .ok(&["annotate", "itrail", name, "-n", &self.namespace, "--overwrite", &annotation])
            .unwrap();
        self.until("the requested pass", || {
            let handled = self.get(name)["status"]["lastHandledReconcileAt"].clone();
            if handled == token { Ok(()) } else { Err(handled.to_string()) }
        });
    }

    /// Events told of the object: `reason: note`.
    pub(crate) fn events(&self, name: &str) -> Vec<String> {
        let events = self.kubectl.json(&["get", "events.events.k8s.io", "-n", &self.namespace]).unwrap();
        let about =
            events["items"].as_array().unwrap().iter().filter(|event| event["regarding"]["name"] == name);
        about
            .map(|event| {
                format!("{}: {}", event["reason"].as_str().unwrap(), event["note"].as_str().unwrap())
            })
            .collect()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.operator.log()).unwrap()
    }
}

/// Nothing of one test may be there for the next operator to find.
impl Drop for Stage {
    fn drop(&mut self) {
        self.operator.kill();
        let objects = self.kubectl.json(&["get", "itrail", "-A"]).unwrap_or_default();
        for object in objects["items"].as_array().into_iter().flatten() {
            let (name, namespace) = (&object["metadata"]["name"], &object["metadata"]["namespace"]);
            let (Some(name), Some(namespace)) = (name.as_str(), namespace.as_str()) else { continue };
            let _ = self.kubectl.run(&["delete", "itrail", name, "-n", namespace, "--wait=false"]);
            let free = r#"{"metadata":{"finalizers":null}}"#;
            let _ = self.kubectl.run(&["patch", "itrail", name, "-n", namespace, "--type=merge", "-p", free]);
        }
    }
}

/// The control plane with the resource, the roles and the policies of `deploy/cluster`.
fn installed_plane() -> ControlPlane {
    let plane = ControlPlane::fresh(true).unwrap();
    let cluster = place::root().join("deploy/cluster");
    plane.client().ok(&["apply", "-k", &cluster.display().to_string()]).unwrap();
    let established =
        ["wait", "--for=condition=Established", "crd/innertrails.innertrail.io", "--timeout=30s"];
    plane.client().ok(&established).unwrap();
    plane
}

/// A condition of the object, or null.
pub(crate) fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

/// RFC 7396, less the deletion of keys.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}
