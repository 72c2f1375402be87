//! Runs the target `signatures`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| alicloud_sign::fuzzing::signatures(data));
