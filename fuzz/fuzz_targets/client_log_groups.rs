//! Runs the target `client_log_groups`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| alicloud::fuzzing::client_log_groups(data));
