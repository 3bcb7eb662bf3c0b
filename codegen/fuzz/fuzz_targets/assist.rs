#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    actwright_codegen_fuzz::assist(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/errors/base")), data);
});
