#![no_main]
#[path = "../relay_session.rs"]
mod relay_session;

libfuzzer_sys::fuzz_target!(|data: &[u8]| relay_session::relay_session(data));
