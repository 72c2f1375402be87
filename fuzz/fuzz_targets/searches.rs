//! Runs the target `searches`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudsim::fuzzing::searches(data));
