//! The status page: as bytes, and in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::client::*;

const STORE: &str = "cn-hangzhou%2Fmy-audit%2Finnertrail_prod-ops";

/// `GET` with an `Accept` header.
fn get(emulator: &Emulator, target: &str, accept: &str) -> Reply {
    let mut wire = Wire::new("GET", &emulator.address().to_string(), target, Vec::new());
    wire.header("accept", accept);
    wire.send(emulator.address(), Form::Origin).expect("a reply")
}

fn page(emulator: &Emulator, target: &str) -> String {
    let reply = get(emulator, target, "text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    reply.text()
}

fn asked(query: &str) -> String {
    format!("/_sim/?logstore={STORE}&within=0&query={}", alicloud_sign::encode(query))
}

/// A trail with events, and a journal with a refused call.
fn world() -> Emulator {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    emulator.post("/_sim/events", &json!({"count": 200}));
    emulator.create_trail("short", "my-audit");
    emulator
}

#[test]
fn only_those_who_name_html_are_shown_the_page() {
    let emulator = Emulator::start();
    for accept in ["*/*", "application/json", "text/html;q=0"] {
        assert!(get(&emulator, "/_sim/", accept).body_json()["paths"].is_array(), "{accept}");
    }
    for target in ["/_sim", "/_sim/"] {
        assert!(page(&emulator, target).starts_with("<!doctype html>"));
    }
    assert!(get(&emulator, "/_sim/state", "text/html").body_json()["accounts"].is_array());
}

#[test]
fn the_page_needs_no_script_and_nothing_from_elsewhere() {
    let emulator = world();
    let reply = get(&emulator, "/_sim/?refresh=5", "text/html");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let html = reply.text();
    assert!(html.contains("<meta http-equiv=\"refresh\" content=\"5\">"));
    for word in ["<script", "<link", "<img", "<iframe", "@import", "url(", "http://", "https://"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn a_fresh_emulator_says_what_is_not_there() {
    let html = page(&Emulator::start(), "/_sim/");
    for sentence in ["No trail", "No project", "No event yet", "No call arrived yet", "no Logstore to ask"] {
        assert!(html.contains(sentence), "{sentence}");
    }
}

#[test]
fn what_others_wrote_is_text_wherever_it_is_shown() {
    let emulator = world();
    let evil = "<script>alert(1)</script>\"'><img src=x>";
    emulator.sls("evil", "POST", "/", &json!({"projectName": "evil-project", "description": evil}));
    emulator.sls("evil-project", "POST", "/", &json!({"projectName": "evil-project", "description": evil}));
    emulator.act(&json!({"action": "create-user", "name": "<b>user", "permissions": []}));
    let query = format!("* | select '{}' as \"<i>name\"", evil.replace('\'', "''"));
    let html = page(&emulator, &asked(&query));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    for word in ["<script", "<img", "<b>user", "<i>name"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn a_trail_that_does_not_deliver_says_why() {
    let emulator = world();
    assert!(page(&emulator, "/_sim/").contains("✓ working"));
    emulator.act(&json!({"action": "revoke-role"}));
    assert!(page(&emulator, "/_sim/").contains("✗ not working"));
}

#[test]
fn the_page_changes_nothing_and_shows_no_secret() {
    let emulator = world();
    let before = (emulator.get("/_sim/journal"), emulator.account());
    let html = page(&emulator, &asked("*"));
    assert_eq!((emulator.get("/_sim/journal"), emulator.account()), before);
    assert!(!html.contains(&emulator.key.secret));
}

/// Runs Chromium without a window; returns what it printed.
fn chromium(profile: &Path, arguments: &[String]) -> String {
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .args(["--no-first-run", "--disable-background-networking", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .output();
    let output = output.unwrap_or_else(|error| {
        panic!("chromium cannot be started ({error}); on Debian: apt-get install chromium fonts-liberation")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chromium failed ({})\n{said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn dom(emulator: &Emulator, target: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let url = format!("http://{}{target}", emulator.address());
    chromium(profile.path(), &["--dump-dom".to_owned(), url])
}

#[test]
fn chromium_shows_accounts_trails_logstores_events_and_calls() {
    let emulator = world();
    let dom = dom(&emulator, "/_sim/");
    let newest = emulator.logstore("my-audit", "innertrail_prod-ops")["newestEventTime"].clone();
    let parts = [
        format!("<td><code>{ACCOUNT}</code></td>"),
        "<td><code>prod-ops</code>".to_owned(),
        "<td><code>cn-hangzhou/my-audit/innertrail_prod-ops</code></td>".to_owned(),
        "<td>dedicated to trail prod-ops</td>".to_owned(),
        "<td><span>200</span></td>".to_owned(),
        format!("<td><time>{}</time></td>", newest.as_str().unwrap()),
        "<dt>EventDescription</dt>".to_owned(),
        "<b>CreateInnerTrail</b>".to_owned(),
        "<code>InvalidTrailNameException</code>".to_owned(),
    ];
    for part in parts {
        assert!(dom.contains(&part), "no {part} in\n{dom}");
    }
}

#[test]
fn chromium_shows_the_rows_of_a_query_and_the_words_of_a_refusal() {
    let emulator = world();
    let counted = dom(&emulator, &asked("* | select count(*) as events, 'here' as place"));
    assert!(counted.contains("<th scope=\"col\">events</th><th scope=\"col\">place</th>"), "{counted}");
    assert!(counted.contains("<td>200</td><td>here</td>"), "{counted}");
    let found = dom(&emulator, &asked("EventLevel: WARNING"));
    assert!(found.contains("<td>WARNING</td>") && !found.contains("<td>NOTICE</td>"), "{found}");
    let refused = dom(&emulator, &asked("* | select geohash(EventName)"));
    assert!(
        refused.contains("role=\"alert\">✗ ParameterInvalid: ") && refused.contains("geohash"),
        "{refused}"
    );
}

const WIDTH: u32 = 1400;
const HEIGHT: u32 = 1600;

/// Where pictures of a test run are left.
fn pictures() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("status-page");
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Takes a picture and returns its file.
fn screenshot(url: &str, name: &str, more: &[&str]) -> PathBuf {
    let file = pictures().join(name);
    let profile = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = more.iter().map(|argument| (*argument).to_owned()).collect();
    arguments.push(format!("--screenshot={}", file.display()));
    arguments.push(format!("--window-size={WIDTH},{HEIGHT}"));
    arguments.push(url.to_owned());
    chromium(profile.path(), &arguments);
    file
}

/// Checks that a file is a PNG of the asked size, and returns its pixels' bytes as stored, filters and all.
fn pixels(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    let (signature, mut rest) = bytes.split_at(8);
    assert_eq!(signature, b"\x89PNG\r\n\x1a\n");
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
    let mut packed = Vec::new();
    while rest.len() >= 12 {
        let length = number(rest) as usize;
        let (kind, data) = (&rest[4..8], &rest[8..8 + length]);
        match kind {
            b"IHDR" => assert_eq!((number(data), number(&data[4..])), (WIDTH, HEIGHT)),
            b"IDAT" => packed.extend_from_slice(data),
            _ => {}
        }
        rest = &rest[length + 12..];
    }
    let mut raw = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(packed.as_slice()), &mut raw).unwrap();
    raw
}

/// How many different values the bytes of a picture have. One flat colour has a handful, filters included.
fn variety(raw: &[u8]) -> usize {
    raw.iter().collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn chromium_paints_the_page_light_and_dark() {
    let emulator = world();
    let url = format!(
        "http://{}{}",
        emulator.address(),
        asked("* | select EventProduct, count(*) as events group by EventProduct order by events desc")
    );
    let light = screenshot(&url, "light.png", &[]);
    let dark = screenshot(&url, "dark.png", &["--blink-settings=preferredColorScheme=0"]);
    println!("screenshots: {} {}", light.display(), dark.display());
    let (light, dark) = (pixels(&light), pixels(&dark));
    assert!(variety(&light) > 64 && variety(&dark) > 64, "{} {}", variety(&light), variety(&dark));
    assert_ne!(light, dark);
}
