//! Runs the target `client_lz4`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| alicloud::fuzzing::client_lz4(data));
