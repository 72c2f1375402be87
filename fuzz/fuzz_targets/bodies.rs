//! Runs the target `bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::bodies(data));
