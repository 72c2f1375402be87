//! Runs the target `requests`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::requests(data));
