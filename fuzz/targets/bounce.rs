//! Mail that comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::domain::bounce;

fuzz_target!(|data: &[u8]| {
    let Some(returned) = bounce::read(data) else { return };
    for fate in &returned.fates {
        bounce::verdict(fate.action, fate.code);
    }
});
