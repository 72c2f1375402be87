//! The table of operations in `docs/cloudsim.md`, made from the operations themselves.

use std::fmt::Write;

use crate::Operation;

/// First line of the part of the page that is written from here.
pub const BEGIN: &str = "<!-- operations: written by `cargo xtask generate` -->";
/// Its last line.
pub const END: &str = "<!-- end of operations -->";

/// The table: one row per operation, in the order of the services.
pub fn operations_table() -> String {
    let mut table =
        "| service | operation | RAM action of a user or role | may change state |\n|---|---|---|---|\n"
            .to_owned();
    for operation in crate::operations() {
        // Writing to a String cannot fail.
        let _written = writeln!(table, "{}", row(operation));
    }
    table
}

fn row(operation: &Operation) -> String {
    let permission = match operation.ram_action {
        Some(action) => format!("`{action}`"),
        None if operation.unsigned => "not signed".to_owned(),
        None => "none: everybody may".to_owned(),
    };
    let changes = if operation.mutating { "yes" } else { "no" };
    format!("| {} | `{}` | {permission} | {changes} |", operation.service.name(), operation.action)
}

/// The page with the table in its place; `None` when the place is not marked.
pub fn with_operations(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}{END}{after}", operations_table()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_marked_part_is_replaced() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let written = with_operations(&page).unwrap();
        assert!(
            written.starts_with("before\n") && written.ends_with("\nafter\n") && !written.contains("old")
        );
        assert!(written.contains("| sls | `PutLogs` | `log:PostLogStoreLogs` | yes |"), "{written}");
    }

    #[test]
    fn unmarked_page_is_left_alone() {
        assert_eq!(with_operations("nothing to see"), None);
    }
}
