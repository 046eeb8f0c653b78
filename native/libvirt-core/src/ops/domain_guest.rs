//! Domains: what is done inside the guest, by its agent, its keyboard and its screen.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::{c_char, c_int};
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, check, flag_word, taken};
use crate::parameters::{self, Param};
use crate::session::Session;
use crate::uuid::Uuid;

flag_word! {
    /// What the guest agent is asked for; everything it knows when nothing is set.
    GuestInfoQuery {
        /// Who is logged in.
        users = VIR_DOMAIN_GUEST_INFO_USERS,
        /// The operating system.
        os = VIR_DOMAIN_GUEST_INFO_OS,
        /// Its time zone.
        timezone = VIR_DOMAIN_GUEST_INFO_TIMEZONE,
        /// Its name.
        hostname = VIR_DOMAIN_GUEST_INFO_HOSTNAME,
        /// File systems.
        filesystem = VIR_DOMAIN_GUEST_INFO_FILESYSTEM,
        /// Disks.
        disks = VIR_DOMAIN_GUEST_INFO_DISKS,
        /// Network interfaces.
        interfaces = VIR_DOMAIN_GUEST_INFO_INTERFACES,
    }
}

/// A picture of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    /// Its format, e.g. `image/png`.
    pub mime_type: String,
    /// The file.
    pub data: Vec<u8>,
}

/// Pictures beyond this are not of a screen.
const LARGEST_PICTURE: usize = 256 << 20;
/// `VIR_DOMAIN_SEND_KEY_MAX_KEYS`
const MAX_KEYS: usize = 16;

impl Session {
    /// Sends a command to the guest agent and gives its answer, both JSON (`virDomainQemuAgentCommand`).
    /// It waits at most `seconds` for the agent.
    pub fn agent_command(&mut self, uuid: Uuid, command: &str, seconds: u32) -> Result<String> {
        let text = arg(command)?;
        let seconds = c_int::try_from(seconds.max(1)).unwrap_or(c_int::MAX);
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a NUL-terminated command; the answer is ours to free.
            unsafe {
                let answer = sys::virDomainQemuAgentCommand(domain, text.as_ptr(), seconds, 0);
                taken(answer, "virDomainQemuAgentCommand")
            }
        })
    }

    /// What the guest agent tells of the guest (`virDomainGetGuestInfo`).
    pub fn guest_info(&mut self, uuid: Uuid, query: GuestInfoQuery) -> Result<Vec<Param>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and places for the answer.
            parameters::allocated("virDomainGetGuestInfo", |array, count| unsafe {
                sys::virDomainGetGuestInfo(domain, query.word(), array, count, 0)
            })
        })
    }

    /// Presses Linux key codes together and lets them go (`virDomainSendKey`).
    pub fn send_key(&mut self, uuid: Uuid, keys: &[u32], hold_ms: u32) -> Result<()> {
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(Error::own(Code::InvalidArg, "virDomainSendKey", "1 to 16 keys are pressed at once"));
        }
        let mut keys = keys.to_vec();
        let count = c_int::try_from(keys.len()).unwrap_or(0);
        // SAFETY: a live domain and that many key codes.
        self.domain_call(uuid, "virDomainSendKey", |domain| unsafe {
            sys::virDomainSendKey(domain, sys::VIR_KEYCODE_SET_LINUX, hold_ms, keys.as_mut_ptr(), count, 0)
        })
        .map(drop)
    }

    /// Freezes the guest's file systems by its agent and gives their number (`virDomainFSFreeze`).
    pub fn freeze_file_systems(&mut self, uuid: Uuid) -> Result<u32> {
        // SAFETY: a live domain; null means all file systems.
        self.domain_call(uuid, "virDomainFSFreeze", |domain| unsafe {
            sys::virDomainFSFreeze(domain, std::ptr::null_mut(), 0, 0)
        })
        .map(i32::cast_unsigned)
    }

    /// Lets them go again and gives their number (`virDomainFSThaw`).
    pub fn thaw_file_systems(&mut self, uuid: Uuid) -> Result<u32> {
        // SAFETY: as above.
        self.domain_call(uuid, "virDomainFSThaw", |domain| unsafe {
            sys::virDomainFSThaw(domain, std::ptr::null_mut(), 0, 0)
        })
        .map(i32::cast_unsigned)
    }

    /// A picture of a screen (`virDomainScreenshot`).
    pub fn screenshot(&mut self, uuid: Uuid, screen: u32) -> Result<Screenshot> {
        let stream = self.new_stream()?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and stream; the type is ours to free.
            let mime_type =
                unsafe { taken(sys::virDomainScreenshot(domain, stream.as_ptr(), screen, 0), "virDomainScreenshot")? };
            Ok(Screenshot { mime_type, data: receive(&stream, LARGEST_PICTURE)? })
        })
    }

    /// A new connection to a screen of a running domain, ready to speak its protocol; with `skip_auth` without a password (`virDomainOpenGraphicsFD`).
    pub fn open_graphics(&mut self, uuid: Uuid, screen: u32, skip_auth: bool) -> Result<OwnedFd> {
        let flags = bits(&[(skip_auth, sys::VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)]);
        // SAFETY: a live domain.
        let fd = self.domain_call(uuid, "virDomainOpenGraphicsFD", |domain| unsafe {
            sys::virDomainOpenGraphicsFD(domain, screen, flags)
        })?;
        // SAFETY: a new descriptor that libvirt gave us.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// A stream that blocks this thread.
    pub(crate) fn new_stream(&mut self) -> Result<Handle<sys::virStream>> {
        // SAFETY: a live connection.
        Handle::own(unsafe { sys::virStreamNew(self.conn(), 0) }, "virStreamNew")
    }
}

/// Reads a stream to its end and finishes it. Beyond `most` bytes it is aborted.
pub(crate) fn receive(stream: &Handle<sys::virStream>, most: usize) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let mut buffer = vec![0u8; 256 << 10];
    loop {
        // SAFETY: a live stream and a buffer of that size.
        let got = unsafe { sys::virStreamRecv(stream.as_ptr(), buffer.as_mut_ptr().cast::<c_char>(), buffer.len()) };
        let got = check(got, "virStreamRecv").inspect_err(|_| abort(stream))?;
        let got = usize::try_from(got).unwrap_or(0).min(buffer.len());
        if got == 0 {
            // SAFETY: a live stream, finished once.
            check(unsafe { sys::virStreamFinish(stream.as_ptr()) }, "virStreamFinish")?;
            return Ok(data);
        }
        if data.len() + got > most {
            abort(stream);
            return Err(Error::own(Code::Overflow, "virStreamRecv", "the stream is longer than it may be"));
        }
        data.extend_from_slice(&buffer[..got]);
    }
}

/// Ends a stream that failed; what libvirt says to that is not the reason.
pub(crate) fn abort(stream: &Handle<sys::virStream>) {
    // SAFETY: a live stream.
    unsafe {
        sys::virStreamAbort(stream.as_ptr());
        sys::virResetLastError();
    }
}
