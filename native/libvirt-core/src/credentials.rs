//! How a connection is opened: where, with which rights, who answers for them, and how a dead daemon is noticed.

use std::fmt;
use std::ptr;
use std::sync::Arc;

use libc::{c_int, c_uint, c_void};
use virt_sys as sys;

use crate::error::Result;
use crate::ffi::{Handle, arg, borrowed};
use crate::vocabulary::word;

/// Probes of a connection that is silent. A daemon that answers none of `count`, `interval_seconds` apart, is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// Seconds between two probes; 0 for none at all.
    pub interval_seconds: u32,
    /// Unanswered ones that it takes.
    pub count: u32,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { interval_seconds: 5, count: 3 }
    }
}

/// Something that the daemon wants to know before it lets somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// `username`, `authname`, `language`, `cnonce`, `passphrase`, `echo-prompt`, `no-echo-prompt`, `realm` or `external`.
    pub kind: &'static str,
    /// What to ask a person.
    pub prompt: Option<String>,
    /// What the server sends.
    pub challenge: Option<String>,
    /// What is taken when there is no answer.
    pub default: Option<String>,
}

/// Answers requests, in their order; an answer may be missing, and None gives up. It may block: only the connection that
/// is being opened waits.
#[derive(Clone)]
pub struct Auth(Arc<Answer>);

type Answer = dyn Fn(Vec<CredentialRequest>) -> Option<Vec<Option<String>>> + Send + Sync;

impl Auth {
    /// Asks this for every connection that is opened: each worker's and the one for events.
    pub fn new(answer: impl Fn(Vec<CredentialRequest>) -> Option<Vec<Option<String>>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth")
    }
}

const KINDS: &[&str] = &[
    "unknown",
    "username",
    "authname",
    "language",
    "cnonce",
    "passphrase",
    "echo-prompt",
    "no-echo-prompt",
    "realm",
    "external",
];

/// Opens a connection.
pub(crate) fn open(uri: &str, read_only: bool, auth: Option<&Auth>) -> Result<Handle<sys::virConnect>> {
    let name = arg(uri)?;
    let Some(auth) = auth else {
        let (raw, call) = if read_only {
            // SAFETY: a NUL-terminated name.
            (unsafe { sys::virConnectOpenReadOnly(name.as_ptr()) }, "virConnectOpenReadOnly")
        } else {
            // SAFETY: a NUL-terminated name.
            (unsafe { sys::virConnectOpen(name.as_ptr()) }, "virConnectOpen")
        };
        return Handle::own(raw, call).map_err(|e| e.about(uri));
    };
    let mut kinds: Vec<c_int> = (1..=9).collect();
    let mut wanted = sys::virConnectAuth {
        credtype: kinds.as_mut_ptr(),
        ncredtype: 9,
        cb: Some(ask),
        cbdata: ptr::from_ref(auth).cast_mut().cast::<c_void>(),
    };
    let flags = if read_only { sys::VIR_CONNECT_RO } else { 0 };
    // SAFETY: a NUL-terminated name; what `wanted` points to outlives the call, which is all that libvirt needs.
    let raw = unsafe { sys::virConnectOpenAuth(name.as_ptr(), &raw mut wanted, flags) };
    Handle::own(raw, "virConnectOpenAuth").map_err(|e| e.about(uri))
}

unsafe extern "C" fn ask(requests: sys::virConnectCredentialPtr, count: c_uint, data: *mut c_void) -> c_int {
    // Unwinding into C is undefined: a panic is no answer.
    let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: the auth that `open` passed, which lives during the call.
        let auth = unsafe { &*data.cast::<Auth>() };
        // SAFETY: `count` requests, of which this call owns the answers' places.
        let requests = unsafe { std::slice::from_raw_parts_mut(requests, count as usize) };
        let answers = (auth.0)(requests.iter().map(read).collect())?;
        // One that C can't have is no answer at all, rather than the default.
        let answers = answers.iter().map(|answer| answer.as_deref().map(arg).transpose());
        let answers = answers.collect::<Result<Vec<_>>>().ok()?;
        for (request, answer) in requests.iter_mut().zip(answers) {
            let Some(answer) = answer else { continue };
            // SAFETY: a NUL-terminated text, copied for libvirt, which frees it.
            request.result = unsafe { libc::strdup(answer.as_ptr()) };
            request.resultlen = c_uint::try_from(answer.as_bytes().len()).unwrap_or(0);
        }
        Some(())
    }));
    if matches!(answered, Ok(Some(()))) { 0 } else { -1 }
}

fn read(request: &sys::virConnectCredential) -> CredentialRequest {
    // SAFETY: null or NUL-terminated texts of libvirt.
    unsafe {
        CredentialRequest {
            kind: word(KINDS, request.type_),
            prompt: borrowed(request.prompt),
            challenge: borrowed(request.challenge),
            default: borrowed(request.defresult),
        }
    }
}
