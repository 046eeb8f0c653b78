//! Long texts on their way to another thread, in buffers that come back.
//!
//! What libvirt allocates is freed on the thread that called it. A block of more than a kilobyte that another thread frees
//! goes back under the lock of the arena that the next call of libvirt allocates from: `virDomainGetXMLDesc` then takes
//! half as long again, and at times twice as long.

use std::ffi::CStr;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::c_char;

use crate::error::{Error, Result};

/// Buffers kept for the next texts, and the longest that is kept.
const KEPT: usize = 64;
const LONGEST_KEPT: usize = 64 << 10;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text of libvirt, as it came: UTF-8 as far as libvirt keeps its word.
#[derive(Debug)]
pub struct LongText(Vec<u8>);

impl LongText {
    /// Copies what libvirt allocated for us, and frees it.
    ///
    /// # Safety
    /// `raw` is null or a string from malloc that nobody else frees.
    pub(crate) unsafe fn take(raw: *mut c_char, call: &'static str) -> Result<Self> {
        let raw = ptr::NonNull::new(raw).ok_or_else(|| Error::last(call))?.as_ptr();
        let mut buffer = spare().pop().unwrap_or_default();
        // SAFETY: NUL-terminated and ours to free, by the caller's word.
        unsafe {
            buffer.extend_from_slice(CStr::from_ptr(raw).to_bytes());
            libc::free(raw.cast());
        }
        Ok(Self(buffer))
    }
}

impl AsRef<[u8]> for LongText {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for LongText {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if buffer.capacity() > LONGEST_KEPT {
            return;
        }
        buffer.clear();
        let mut spare = spare();
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &CStr) -> LongText {
        // SAFETY: a copy from malloc that is given away.
        unsafe { LongText::take(libc::strdup(bytes.as_ptr()), "test") }.expect("not null")
    }

    #[test]
    fn a_text_is_whole_whatever_its_buffer_held_before() {
        drop(text(c"something longer than the next one"));
        let threads: Vec<_> = (0..4)
            .map(|n| {
                std::thread::spawn(move || {
                    for round in 0..200 {
                        let expected = format!("{n} {round} ").repeat(round);
                        let told = text(&std::ffi::CString::new(expected.clone()).expect("no NUL"));
                        assert_eq!(told.as_ref(), expected.as_bytes());
                    }
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().is_ok()));
        assert!(spare().len() <= KEPT && spare().iter().all(Vec::is_empty));
    }
}
