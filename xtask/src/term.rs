//! How the commands look.
//!
//! Takes text; prints it. Colour only on a terminal, and not where `NO_COLOR` is set.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use console::{Term, style};
use std::time::Duration;

/// Everything under a heading stands this far in.
const INDENT: u16 = 2;

/// A step of a story begins.
pub(crate) fn heading(text: &str) {
    println!("\n{}", style(text).bold());
}

/// A command, as a user would type it.
pub(crate) fn command(text: &str) {
    println!("  {} {}", style("$").dim(), style(text).cyan());
}

/// What a command printed.
pub(crate) fn output(text: &str) {
    for line in text.trim_end().lines() {
        println!("  {line}");
    }
}

/// A remark.
pub(crate) fn note(text: &str) {
    println!("  {}", style(text).dim());
}

/// Something was seen to be as it should.
pub(crate) fn seen(text: &str) {
    println!("  {} {text}", style("✓").green().bold());
}

/// Something was not.
pub(crate) fn missed(text: &str) {
    println!("  {} {text}", style("✗").red().bold());
}

/// Why the command failed, on standard error.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("{} {error:#}", style("error:").for_stderr().red().bold());
}

/// Rows under a header, cut to the width of the terminal if there is one.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some((_, width)) = Term::stdout().size_checked() {
        table.set_width(width.saturating_sub(INDENT));
    }
    table.set_header(header.map(str::to_uppercase));
    for row in rows {
        table.add_row(row);
    }
    output(&table.trim_fmt());
}

/// `3.2 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}
