//! How libvirt tells a stream's thread that there is something to do: on the event loop, by a note that the thread reads.
//!
//! Its callbacks are given a number and not a pointer. libvirt 9.0 never frees what a stream's callback was given, and may
//! still call one that has just been taken back: a number that stands for nothing any more is harmless in both cases.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use libc::{c_int, c_void};
use virt_sys as sys;

use super::Shared;
use crate::error::Result;
use crate::ffi::{Handle, check};
use crate::session::Session;

/// Both directions, an error and the end.
pub(super) const READABLE: c_int = sys::VIR_STREAM_EVENT_READABLE.cast_signed();
pub(super) const WRITABLE: c_int = sys::VIR_STREAM_EVENT_WRITABLE.cast_signed();
pub(super) const TROUBLE: c_int = (sys::VIR_STREAM_EVENT_ERROR | sys::VIR_STREAM_EVENT_HANGUP).cast_signed();

#[derive(Default)]
struct Watched {
    last: usize,
    streams: BTreeMap<usize, Weak<Shared>>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched { last: 0, streams: BTreeMap::new() });

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(opaque: *mut c_void) -> Option<Arc<Shared>> {
    watched().streams.get(&opaque.addr()).and_then(Weak::upgrade)
}

/// Both callbacks of a stream, taken back when it is dropped.
pub(super) struct Watch<'a> {
    number: usize,
    session: &'a Session,
    stream: &'a Handle<sys::virStream>,
}

impl<'a> Watch<'a> {
    /// Lets libvirt tell when something can be done, and when the daemon is gone.
    pub(super) fn new(shared: &Arc<Shared>, session: &'a Session, stream: &'a Handle<sys::virStream>) -> Result<Self> {
        let number = {
            let mut watched = watched();
            watched.last += 1;
            let number = watched.last;
            watched.streams.insert(number, Arc::downgrade(shared));
            number
        };
        // From here on dropped when something fails: taking back what was never registered does no harm.
        let watch = Self { number, session, stream };
        let all = READABLE | WRITABLE | TROUBLE;
        shared.lock().asked = all;
        let opaque = ptr::without_provenance_mut::<c_void>(number);
        // SAFETY: a live stream and connection; what the callbacks get is a number.
        unsafe {
            let answer = sys::virStreamEventAddCallback(stream.as_ptr(), all, Some(on_event), opaque, None);
            check(answer, "virStreamEventAddCallback")?;
            let answer = sys::virConnectRegisterCloseCallback(session.conn(), Some(on_close), opaque, None);
            check(answer, "virConnectRegisterCloseCallback")?;
        }
        Ok(watch)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        watched().streams.remove(&self.number);
        // SAFETY: a live stream and connection.
        unsafe {
            sys::virStreamEventRemoveCallback(self.stream.as_ptr());
            sys::virConnectUnregisterCloseCallback(self.session.conn(), Some(on_close));
            sys::virResetLastError();
        }
    }
}

/// Leaves a note, and is not called again for the same until the thread has tried.
unsafe extern "C" fn on_event(stream: sys::virStreamPtr, events: c_int, opaque: *mut c_void) {
    let Some(shared) = find(opaque) else { return };
    let mut state = shared.lock();
    state.ready |= events;
    state.asked &= !events;
    // SAFETY: a live stream, of which libvirt holds no lock here.
    unsafe { sys::virStreamEventUpdateCallback(stream, state.asked) };
    drop(state);
    shared.wake.notify_one();
}

unsafe extern "C" fn on_close(_conn: sys::virConnectPtr, _reason: c_int, opaque: *mut c_void) {
    let Some(shared) = find(opaque) else { return };
    shared.lock().lost = true;
    shared.wake.notify_one();
}
