//! Runs the kept corpus through the targets of a crate: a module of the tests of each crate that has some.
//!
//! Takes `super::TARGETS`; must never run anything but the functions that the fuzzer runs.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

use std::fs;
use std::path::Path;

#[test]
fn every_input_that_was_kept_breaks_no_rule() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, body) in super::TARGETS {
        let inputs = fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let inputs: Vec<_> = inputs.collect();
        assert!(!inputs.is_empty(), "no input is kept for {name}");
        for input in inputs {
            println!("{}", input.display());
            body(&fs::read(input).unwrap());
        }
    }
}
