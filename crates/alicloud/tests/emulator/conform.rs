//! One check for each typed operation, by its documented name: the emulator accepts it and answers what the client
//! makes sense of, the main refusals are told apart, and what was sent is compared with the golden file.

use std::collections::BTreeSet;
use std::path::Path;

use crate::stage::Stage;
use crate::{actiontrail, golden, ram, sls_documents, sls_logs, sls_stores, sts};

/// Makes a test of each check, and a list of the operations that have one.
macro_rules! checks {
    ($service:literal: $($check:ident => $operation:literal),+ $(,)?) => {
        /// Service and operations of the checks in this file.
        pub const OPERATIONS: (&str, &[&str]) = ($service, &[$($operation),+]);

        mod is_accepted {
            $(
                #[tokio::test]
                async fn $check() {
                    crate::conform::conforms($service, $operation, super::$check).await;
                }
            )+
        }
    };
}
pub(crate) use checks;

/// Runs a check and compares what it sent.
pub async fn conforms(service: &str, operation: &str, check: impl AsyncFnOnce(&Stage)) {
    let stage = Stage::start().await;
    check(&stage).await;
    golden::compare(service, operation, &stage.told());
}

/// Service and operation of every check.
fn checked() -> BTreeSet<(String, String)> {
    let all = [
        actiontrail::OPERATIONS,
        ram::OPERATIONS,
        sts::OPERATIONS,
        sls_stores::OPERATIONS,
        sls_logs::OPERATIONS,
        sls_documents::OPERATIONS,
    ];
    let named = |(service, operations): (&str, &'static [&'static str])| {
        let service = service.to_owned();
        operations.iter().map(move |operation| (service.clone(), (*operation).to_owned()))
    };
    all.into_iter().flat_map(named).collect()
}

/// The names of all operations in the source of the client.
pub fn typed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    names
}

fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for start in ["Operation::reads(", "Operation::writes("] {
            names.extend(text.split(start).skip(1).map(|rest| rest.split('"').nth(1).unwrap().to_owned()));
        }
    }
}

#[test]
fn every_typed_operation_has_a_check() {
    let checked: BTreeSet<String> = checked().into_iter().map(|(_, operation)| operation).collect();
    assert_eq!(typed(), checked);
}

#[test]
fn every_golden_file_has_a_check() {
    golden::only(&checked());
}
