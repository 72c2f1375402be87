//! Runs the target `policies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::policies(data));
