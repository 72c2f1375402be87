//! Runs the target `analyses`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::analyses(data));
