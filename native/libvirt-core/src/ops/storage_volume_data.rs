//! The bytes of a volume, piece by piece: each piece is a stream of its own, so nothing is held between two calls.

use libc::c_char;
use virt_sys as sys;

use super::domain_guest::{abort, receive};
use crate::error::{Code, Error, Result};
use crate::ffi::check;
use crate::session::Session;
use crate::uuid::Uuid;

/// The largest piece of one call.
pub const LARGEST_PIECE: u32 = 16 << 20;

impl Session {
    /// Reads up to `length` bytes from `offset`; fewer at the end of the volume (`virStorageVolDownload`).
    pub fn read_volume(&mut self, pool: Uuid, name: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
        if length == 0 || length > LARGEST_PIECE {
            return Err(Error::own(Code::InvalidArg, "virStorageVolDownload", "a piece has 1 byte to 16 MiB"));
        }
        let stream = self.new_stream()?;
        self.with_volume(pool, name, |volume| {
            // SAFETY: a live volume and stream.
            let answer = unsafe { sys::virStorageVolDownload(volume, stream.as_ptr(), offset, u64::from(length), 0) };
            check(answer, "virStorageVolDownload")?;
            receive(&stream, length as usize)
        })
    }

    /// Writes a piece at `offset`, within the volume's size (`virStorageVolUpload`).
    pub fn write_volume(&mut self, pool: Uuid, name: &str, offset: u64, data: &[u8]) -> Result<()> {
        if data.is_empty() || data.len() > LARGEST_PIECE as usize {
            return Err(Error::own(Code::InvalidArg, "virStorageVolUpload", "a piece has 1 byte to 16 MiB"));
        }
        let stream = self.new_stream()?;
        self.with_volume(pool, name, |volume| {
            let length = data.len() as u64;
            // SAFETY: a live volume and stream.
            let answer = unsafe { sys::virStorageVolUpload(volume, stream.as_ptr(), offset, length, 0) };
            check(answer, "virStorageVolUpload")?;
            let mut rest = data;
            while !rest.is_empty() {
                // SAFETY: a live stream and that many bytes.
                let sent = unsafe { sys::virStreamSend(stream.as_ptr(), rest.as_ptr().cast::<c_char>(), rest.len()) };
                let sent = check(sent, "virStreamSend").inspect_err(|_| abort(&stream))?;
                rest = rest.get(usize::try_from(sent).unwrap_or(0)..).unwrap_or_default();
            }
            // SAFETY: a live stream, finished once.
            check(unsafe { sys::virStreamFinish(stream.as_ptr()) }, "virStreamFinish").map(drop)
        })
    }
}
