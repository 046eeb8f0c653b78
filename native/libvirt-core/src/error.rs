//! What a failed call says: libvirt's own error, copied from its thread-local store at once.

use std::ffi::CStr;
use std::fmt;

use virt_sys as sys;

pub use crate::error_code::Code;

/// The part of libvirt that an error came from, by libvirt's number (`virErrorDomain`).
const SOURCES: &[&str] = &[
    "NONE",
    "XEN",
    "XEND",
    "XENSTORE",
    "SEXPR",
    "XML",
    "DOM",
    "RPC",
    "PROXY",
    "CONF",
    "QEMU",
    "NET",
    "TEST",
    "REMOTE",
    "OPENVZ",
    "XENXM",
    "STATS_LINUX",
    "LXC",
    "STORAGE",
    "NETWORK",
    "DOMAIN",
    "UML",
    "NODEDEV",
    "XEN_INOTIFY",
    "SECURITY",
    "VBOX",
    "INTERFACE",
    "ONE",
    "ESX",
    "PHYP",
    "SECRET",
    "CPU",
    "XENAPI",
    "NWFILTER",
    "HOOK",
    "DOMAIN_SNAPSHOT",
    "AUDIT",
    "SYSINFO",
    "STREAMS",
    "VMWARE",
    "EVENT",
    "LIBXL",
    "LOCKING",
    "HYPERV",
    "CAPABILITIES",
    "URI",
    "AUTH",
    "DBUS",
    "PARALLELS",
    "DEVICE",
    "SSH",
    "LOCKSPACE",
    "INITCTL",
    "IDENTITY",
    "CGROUP",
    "ACCESS",
    "SYSTEMD",
    "BHYVE",
    "CRYPTO",
    "FIREWALL",
    "POLKIT",
    "THREAD",
    "ADMIN",
    "LOGGING",
    "XENXL",
    "PERF",
    "LIBSSH",
    "RESCTRL",
    "FIREWALLD",
    "DOMAIN_CHECKPOINT",
    "TPM",
    "BPF",
    "CH",
];

/// A failed call. Nothing of libvirt's answer is flattened into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Why, as a stable name.
    pub code: Code,
    /// Which part of libvirt answered (`QEMU`, `NETWORK`, ...), `BINDING` for our own refusals, `UNKNOWN` for a newer one.
    pub domain: &'static str,
    /// `virErrorLevel`: 1 warning, 2 error.
    pub level: Level,
    /// libvirt's text.
    pub message: String,
    /// The libvirt function that failed, or the operation that never reached one.
    pub call: &'static str,
    /// The UUID or name of the object the call was about.
    pub object: Option<String>,
}

/// How serious libvirt says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `VIR_ERR_WARNING`
    Warning,
    /// `VIR_ERR_ERROR`
    Error,
}

impl Level {
    /// `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a call of this crate gives.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this crate itself (deadline, cancel, closed, panic, bad argument).
    pub fn own(code: Code, call: &'static str, message: impl Into<String>) -> Self {
        Self { code, domain: "BINDING", level: Level::Error, message: message.into(), call, object: None }
    }

    /// Takes the calling thread's last libvirt error, and leaves none behind.
    pub(crate) fn last(call: &'static str) -> Self {
        // SAFETY: virGetLastError returns null or a pointer that lives until this thread's next libvirt call.
        let taken = unsafe {
            let raw = sys::virGetLastError();
            if raw.is_null() {
                None
            } else {
                let message = (*raw).message;
                let text = if message.is_null() {
                    String::new()
                } else {
                    CStr::from_ptr(message).to_string_lossy().into_owned()
                };
                Some(((*raw).code, (*raw).domain, (*raw).level, text))
            }
        };
        // SAFETY: no arguments; only touches this thread's error.
        unsafe { sys::virResetLastError() };
        let Some((code, domain, level, message)) = taken.filter(|t| t.0 != 0) else {
            return Self::own(Code::InternalError, call, "the call failed and libvirt gave no reason");
        };
        let domain = usize::try_from(domain).ok().and_then(|d| SOURCES.get(d).copied()).unwrap_or("UNKNOWN");
        let level = if level == sys::VIR_ERR_WARNING { Level::Warning } else { Level::Error };
        Self { code: Code::from_raw(code), domain, level, message, call, object: None }
    }

    /// Names the object that the call was about, unless it is named already.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        if self.object.is_none() {
            self.object = Some(object.into());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}", self.code.as_str(), self.message, self.call)?;
        if let Some(object) = &self.object {
            write!(f, " on {object}")?;
        }
        write!(f, ")")
    }
}

impl std::error::Error for Error {}

/// Silences libvirt's default handler, which prints every error to stderr.
pub(crate) fn silence_default_handler() {
    unsafe extern "C" fn ignore(_user: *mut libc::c_void, _error: sys::virErrorPtr) {}
    // SAFETY: the handler is a plain function that lives for ever and uses no user data.
    unsafe { sys::virSetErrorFunc(std::ptr::null_mut(), Some(ignore)) };
}
