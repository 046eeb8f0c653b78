//! What only the specs of this package call: failures that libvirt doesn't make to order, and what malloc holds.

use std::time::Duration;

use libvirt_core::Error;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};

#[napi]
impl NativeConnection {
    /// Panics on a worker thread, for the test that a panic becomes a rejection.
    #[napi]
    pub fn panic_for_test<'env>(&self, env: &'env Env, message: String) -> Result<PromiseRaw<'env, ()>> {
        self.host(env, "panicForTest", (0, 0), move |_| -> std::result::Result<(), Error> { panic!("{message}") })
    }

    /// Holds a worker, for the tests of deadlines and caps.
    #[napi]
    pub fn block_for_test<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        for_ms: u32,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "blockForTest", uuid, (timeout_ms, token), move |_, _| {
            std::thread::sleep(Duration::from_millis(u64::from(for_ms)));
            Ok(())
        })
    }
}

/// Bytes that the process has from malloc and has not given back: the binding, libvirt, and Node beside V8's heap. What
/// resident memory says of a leak is lost in what allocators keep for later.
#[napi]
pub fn allocated_for_test() -> f64 {
    // SAFETY: only reads the allocator's counters, under its own locks.
    let heap = unsafe { libc::mallinfo() };
    // Its fields are C ints that wrap at 4 GiB.
    let [small, mapped] = [heap.uordblks, heap.hblkhd].map(|count| u64::from(count.cast_unsigned()));
    number(small + mapped)
}
