//! libvirt's event loop: one per process, on a thread of its own, started before the first connection.
//!
//! libvirt's default implementation wakes its thread whenever any connection makes a call, twice per call, because a
//! caller takes its socket out of the polled set while it waits itself. Over a local socket that costs more than the
//! call. This one changes the kernel's set (epoll) in place, so a call wakes nobody.

mod reactor;
mod timers;

use std::sync::OnceLock;
use std::thread;

use libc::{c_int, c_void};
use virt_sys as sys;

use crate::error::{self, Error, Result};
use reactor::{Reactor, Receiver};

static REACTOR: OnceLock<Reactor> = OnceLock::new();
static STARTED: OnceLock<Result<()>> = OnceLock::new();

/// Starts the loop once. Later calls give the first answer again.
pub(crate) fn start() -> Result<()> {
    STARTED.get_or_init(launch).clone()
}

fn launch() -> Result<()> {
    error::silence_default_handler();
    // SAFETY: called once, before any connection of this process is opened.
    if unsafe { sys::virInitialize() } < 0 {
        return Err(Error::last("virInitialize"));
    }
    let failed = |cause: std::io::Error| {
        Error::own(error::Code::InternalError, "virEventRegisterImpl", format!("no event loop: {cause}"))
    };
    let reactor = Reactor::new().map_err(failed)?;
    let reactor = REACTOR.get_or_init(|| reactor);
    // SAFETY: functions of the signatures that libvirt calls, which live as long as the process.
    unsafe {
        sys::virEventRegisterImpl(
            Some(add_handle),
            Some(update_handle),
            Some(remove_handle),
            Some(add_timeout),
            Some(update_timeout),
            Some(remove_timeout),
        );
    }
    thread::Builder::new().name("libvirt-events".into()).spawn(|| reactor.run()).map_err(failed)?;
    Ok(())
}

/// What libvirt's functions answer when there is nothing of that number.
const NONE: c_int = -1;

unsafe extern "C" fn add_handle(
    fd: c_int,
    events: c_int,
    callback: sys::virEventHandleCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    let added = REACTOR
        .get()
        .zip(callback)
        .map(|(reactor, call)| reactor.add_handle(fd, events.cast_unsigned(), call, Receiver { opaque, free }));
    added.and_then(std::io::Result::ok).unwrap_or(NONE)
}

unsafe extern "C" fn update_handle(watch: c_int, events: c_int) {
    if let Some(reactor) = REACTOR.get() {
        reactor.update_handle(watch, events.cast_unsigned());
    }
}

unsafe extern "C" fn remove_handle(watch: c_int) -> c_int {
    let removed = REACTOR.get().is_some_and(|reactor| reactor.remove_handle(watch));
    if removed { 0 } else { NONE }
}

unsafe extern "C" fn add_timeout(
    milliseconds: c_int,
    callback: sys::virEventTimeoutCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    let added = REACTOR
        .get()
        .zip(callback)
        .map(|(reactor, call)| reactor.add_timer(milliseconds, call, Receiver { opaque, free }));
    added.unwrap_or(NONE)
}

unsafe extern "C" fn update_timeout(timer: c_int, milliseconds: c_int) {
    if let Some(reactor) = REACTOR.get() {
        reactor.update_timer(timer, milliseconds);
    }
}

unsafe extern "C" fn remove_timeout(timer: c_int) -> c_int {
    let removed = REACTOR.get().is_some_and(|reactor| reactor.remove_timer(timer));
    if removed { 0 } else { NONE }
}
