//! The tables of `docs/cloudsim.md` that are made from the code: operations, and functions of queries.

use std::fmt::Write;

use crate::Operation;

/// A part of the page: what it is called, and what writes it.
type Part = (&'static str, fn() -> String);

const PARTS: [Part; 2] = [("operations", operations_table), ("functions", crate::query::functions_table)];

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

/// The page with the tables in their places; `None` when a place is not marked.
pub fn with_tables(page: &str) -> Option<String> {
    PARTS.into_iter().try_fold(page.to_owned(), |page, (name, table)| with_table(&page, name, &table()))
}

fn with_table(page: &str, name: &str, table: &str) -> Option<String> {
    let (begin, end) =
        (format!("<!-- {name}: written by `cargo xtask generate` -->"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{table}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "before\n<!-- operations: written by `cargo xtask generate` -->\nold\n<!-- end of operations -->\n\
        <!-- functions: written by `cargo xtask generate` --><!-- end of functions -->\nafter\n";

    #[test]
    fn only_the_marked_parts_are_replaced() {
        let written = with_tables(PAGE).unwrap();
        assert!(
            written.starts_with("before\n") && written.ends_with("\nafter\n") && !written.contains("old")
        );
        assert!(written.contains("| sls | `PutLogs` | `log:PostLogStoreLogs` | yes |"), "{written}");
        assert!(written.contains("| text | `substr(varchar, bigint[, bigint])` | varchar |"), "{written}");
        assert_eq!(with_tables(&written), Some(written));
    }

    #[test]
    fn unmarked_page_is_left_alone() {
        assert_eq!(with_tables("nothing to see"), None);
    }
}
