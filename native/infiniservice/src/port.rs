//! The channel: a virtio-serial device in a guest, a unix socket or any character device elsewhere. Never blocks.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub struct Port {
    file: File,
    /// A device stays open while nobody reads on the host's side; a socket without a peer is dead.
    device: bool,
}

/// What the port is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    pub read: bool,
    pub write: bool,
    /// Nobody is at the other end.
    pub away: bool,
}

impl Port {
    pub fn open(path: &Path) -> io::Result<Self> {
        if std::fs::metadata(path)?.file_type().is_socket() {
            let stream = UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            return Ok(Self { file: File::from(OwnedFd::from(stream)), device: false });
        }
        let file =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
        Ok(Self { file, device: true })
    }

    pub fn is_device(&self) -> bool {
        self.device
    }

    /// Waits until the port can be read (or written, when asked), at most as long as said.
    pub fn wait(&self, for_write: bool, at_most: Duration) -> io::Result<Ready> {
        let events = if for_write { libc::POLLIN | libc::POLLOUT } else { libc::POLLIN };
        let mut poll = libc::pollfd { fd: self.file.as_raw_fd(), events, revents: 0 };
        let timeout = i32::try_from(at_most.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one live descriptor and its own entry.
        let answer = unsafe { libc::poll(&raw mut poll, 1, timeout) };
        if answer < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(Ready::default()) } else { Err(error) };
        }
        if poll.revents & (libc::POLLERR | libc::POLLNVAL) != 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(Ready {
            read: poll.revents & libc::POLLIN != 0,
            write: poll.revents & libc::POLLOUT != 0,
            away: poll.revents & libc::POLLHUP != 0,
        })
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
