//! Runs the target `client_refusals`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| alicloud::fuzzing::client_refusals(data));
