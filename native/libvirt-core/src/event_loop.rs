//! libvirt's event loop: one per process, on a thread of its own, started before the first connection.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use virt_sys as sys;

use crate::error::{self, Error, Result};

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
    // SAFETY: as above.
    if unsafe { sys::virEventRegisterDefaultImpl() } < 0 {
        return Err(Error::last("virEventRegisterDefaultImpl"));
    }
    thread::Builder::new().name("libvirt-events".into()).spawn(run).map_err(|cause| {
        Error::own(error::Code::InternalError, "virEventRunDefaultImpl", format!("no thread for events: {cause}"))
    })?;
    Ok(())
}

fn run() {
    loop {
        // SAFETY: only this thread runs the loop.
        if unsafe { sys::virEventRunDefaultImpl() } < 0 {
            drop(Error::last("virEventRunDefaultImpl"));
            // A failing loop must not take a whole core.
            thread::sleep(Duration::from_millis(50));
        }
    }
}
