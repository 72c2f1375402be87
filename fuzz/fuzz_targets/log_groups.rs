//! Runs the target `log_groups`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::log_groups(data));
