//! The chapters that the InnerTrail itself plays in.

use super::scene::Scene;
use super::{Story, cloud, query, stages};
use crate::term;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::time::Duration;
use testenv::{Kubectl, wait};

/// The sample, as kubectl names its parts.
pub(super) const KIND: &str = "innertrail";
pub(super) const NAMESPACE: &str = "audit";
pub(super) const NAME: &str = "prod-ops";

/// Annotation that asks for a pass now; echoed in `status.lastHandledReconcileAt`.
const REQUESTED_AT: &str = "innertrail.io/requestedAt";
/// How many platform events are made.
const EVENTS: u64 = 40;
/// A pass takes well under a second; this allows for one that has to back off.
const PASS_LIMIT: Duration = Duration::from_secs(30);

/// Plays them all.
pub(super) fn play(scene: &mut Scene, story: &mut Story) -> Result<()> {
    story.chapter("Declare one trail, and watch its stages", || declare(scene))?;
    story.chapter("Platform events arrive and are queried back", || events(scene))?;
    story.chapter("The operator sees them too", || delivery(scene))?;
    story.chapter("Delete it: shipping is switched off, nothing else is lost", || delete(scene))?;
    story.chapter("What the cloud was asked for", || cloud::show_journal(&scene.emulator))
}

/// Shows a kubectl command and what it printed.
pub(super) fn show(kubectl: &Kubectl, args: &[&str]) -> Result<String> {
    term::command(&format!("kubectl {}", args.join(" ")));
    let output = kubectl.within(Duration::from_secs(40)).ok(args)?;
    term::output(&output);
    Ok(output)
}

/// The object as the API server has it.
pub(super) fn object(kubectl: &Kubectl) -> Result<Value> {
    kubectl.json(&["get", KIND, NAME, "-n", NAMESPACE])
}

fn declare(scene: &mut Scene) -> Result<()> {
    show(&scene.kubectl, &["apply", "-f", crate::world::SAMPLE])?;
    stages::watch(scene)?;
    let resource = format!("{KIND}/{NAME}");
    show(&scene.kubectl, &["wait", "-n", NAMESPACE, "--for=condition=Ready", &resource, "--timeout=30s"])?;
    show(&scene.kubectl, &["get", "itrail", "-A"])?;
    show(&scene.kubectl, &["events", "-n", NAMESPACE])?;
    Ok(())
}

fn events(scene: &Scene) -> Result<()> {
    term::command(&format!("curl -X POST $CLOUDSIM_URL/_sim/events -d '{{\"count\": {EVENTS}}}'"));
    let answer = scene.emulator.post("/_sim/events", &json!({ "count": EVENTS }))?;
    term::output(&answer.to_string());
    ensure!(answer["delivered"] == EVENTS, "not every event was delivered");
    let place = query::place(&object(&scene.kubectl)?)?;
    term::note(&format!(
        "signed queries of {}/{} through the Log Service API:",
        place.project, place.logstore
    ));
    query::show(&scene.emulator, &place, query::BY_PRODUCT, &["EventProduct", "events"])?;
    query::show(&scene.emulator, &place, query::NEWEST, &query::NEWEST_COLUMNS)?;
    let count = query::count(&scene.emulator, &place)?;
    ensure!(count == EVENTS, "{count} of {EVENTS} events were found");
    term::seen(&format!("all {count} events were queried back"));
    Ok(())
}

/// Asks for a pass and waits until it has been made and has seen the events.
fn delivery(scene: &mut Scene) -> Result<()> {
    let asked = super::now().to_string();
    let annotation = format!("{REQUESTED_AT}={asked}");
    show(&scene.kubectl, &["annotate", KIND, NAME, "-n", NAMESPACE, "--overwrite", &annotation])?;
    let (kubectl, operator) = (&scene.kubectl, &mut scene.operator);
    let delivery = wait::until("status.delivery.verdict to be Delivering", PASS_LIMIT, || {
        operator.still_runs()?;
        let status = object(kubectl)?["status"].take();
        let handled = status["lastHandledReconcileAt"] == asked.as_str();
        let delivery = status["delivery"].clone();
        Ok(if handled && delivery["verdict"] == "Delivering" {
            ControlFlow::Break(delivery)
        } else {
            ControlFlow::Continue(format!("handled: {handled}, delivery: {delivery}"))
        })
    })?;
    term::seen(&format!("status.delivery is {delivery}"));
    show(&scene.kubectl, &["get", "itrail", "-A"])?;
    Ok(())
}

fn delete(scene: &Scene) -> Result<()> {
    let place = query::place(&object(&scene.kubectl)?)?;
    show(&scene.kubectl, &["delete", KIND, NAME, "-n", NAMESPACE, "--timeout=30s"])?;
    let left = scene.kubectl.ok(&["get", KIND, NAME, "-n", NAMESPACE, "--ignore-not-found"])?;
    ensure!(left.trim().is_empty(), "the InnerTrail is still there: {left}");
    term::command("curl $CLOUDSIM_URL/_sim/state");
    let state = scene.emulator.get("/_sim/state")?;
    let remains = cloud::Remains::read(&state, &scene.emulator.greeting().account, &place)?;
    remains.show();
    remains.check(EVENTS)
}
