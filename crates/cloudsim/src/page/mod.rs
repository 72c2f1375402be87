//! The status page: what `/_sim/` shows to a browser.
//!
//! Takes a request that accepts HTML; returns one document without script or external resource, made of
//! what the control API tells ([`cloud`], [`calls`]), the newest logs ([`logs`]) and a form that asks the
//! query engine ([`ask`]). Must never change state, show a secret, or let a text through unescaped.

mod ask;
mod calls;
mod cloud;
mod html;
mod logs;

use serde_json::Value;

use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::store::logstore::Logstore;
use crate::store::project::Project;
use crate::{Sim, control};
use html::{Html, element, open, tag, text};

/// No script, nothing from elsewhere, in no frame: even a mistake in escaping would do no harm.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Longest pause between two refreshes, seconds.
const REFRESH_SECS_MAX: u32 = 3600;

/// A Logstore with the project it is in.
struct Shelf {
    project: Project,
    logstore: Logstore,
}

impl Shelf {
    /// `region/project/logstore`, which is unique.
    fn path(&self) -> String {
        format!("{}/{}/{}", self.project.region, self.project.name, self.logstore.name)
    }
}

/// Whether a request is a browser's: it is for the root of the control API and names `text/html`.
pub(crate) fn is_wanted(request: &Request) -> bool {
    let is_root = request.path.trim_end_matches('/') == "/_sim";
    is_root && request.method == "GET" && request.header("accept").is_some_and(names_html)
}

/// A wildcard alone does not ask for HTML: that is what `curl` sends.
fn names_html(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        is_html && weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
    })
}

/// The page; when it cannot be made, a page that says so.
pub(crate) fn show(sim: &Sim, request: &Request) -> Reply {
    let (status, body) = match body(sim, request) {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.status, tag("h1", "cloudsim").and(&tag("p", &refusal.message))),
    };
    let refresh = request.parameters().get("refresh").and_then(|text| text.parse().ok());
    let refresh = refresh.map(|seconds: u32| seconds.clamp(1, REFRESH_SECS_MAX));
    let document = html::document("cloudsim", include_str!("style.css"), refresh, &body);
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
        ("vary", "accept"),
    ];
    let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
    Reply { status, headers, body: document.into_bytes(), ..Reply::default() }
}

fn body(sim: &Sim, request: &Request) -> Result<Html, Refusal> {
    let state = control::show_state(sim)?;
    let now = sim.clock.now().as_second();
    let parameters = request.parameters();
    sim.store.read(|conn| {
        let shelves = logs::shelves(conn)?;
        let parts = [
            head(&state),
            cloud::show(&state),
            ask::show(conn, &shelves, &parameters, now),
            logs::show(conn, &shelves, now)?,
            calls::show(conn)?,
        ];
        Ok(parts.into_iter().collect())
    })?
}

fn head(state: &Value) -> Html {
    let offset = state["clockOffsetSeconds"].as_i64().unwrap_or_default();
    let moved = if offset == 0 { String::new() } else { format!(", moved by {offset} s") };
    let time = format!("{}{moved}", words(&state["time"]));
    let links = [("/_sim/", "Refresh"), ("/_sim/?refresh=5", "Refresh every 5 s")]
        .map(|(target, name)| element("a", &[("href", target)], &text(name)));
    let line = tag("p", format!("Emulated Alibaba Cloud. Its clock says {time}."));
    let navigation = element("nav", &[], &links.into_iter().collect());
    element("header", &[], &tag("h1", "cloudsim").and(&line).and(&navigation))
}

/// A section under a heading.
fn section(id: &str, heading: &str, inner: &Html) -> Html {
    element("section", &[("id", id)], &tag("h2", heading).and(inner))
}

/// Good or bad, told by a sign and by words; the colour only repeats it.
fn verdict(good: bool, words: &str) -> Html {
    let (class, sign) = if good { ("good", "✓ ") } else { ("bad", "✗ ") };
    element("span", &[("class", class)], &text(format!("{sign}{words}")))
}

/// A text of the state; nothing when it is absent.
fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Items of a list of the state.
fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A line break.
fn br() -> Html {
    open("br", &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_for_those_who_name_it() {
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, wanted) in [
            (firefox, true),
            ("Text/HTML; q=0.1", true),
            ("text/html;q=0", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            assert_eq!(names_html(accept), wanted, "{accept}");
        }
    }
}
