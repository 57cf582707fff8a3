#![no_main]

mod read;

libfuzzer_sys::fuzz_target!(|data: &[u8]| read::read(b"\x89PNG\r\n\x1a\n", data));
