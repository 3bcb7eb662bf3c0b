#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| actwright_runtime_fuzz::inputs(data));
