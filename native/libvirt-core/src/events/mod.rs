//! What libvirt tells of its own accord, and the connection that it is told on.

mod domain;
mod fields;
mod monitor;
mod objects;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use libc::{c_int, c_uint, c_void};
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{borrowed, check, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{DOMAIN_EVENTS, domain_event_detail, word};
pub use fields::{Field, Fields};

/// Something that happened. Order is libvirt's, per connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A domain was defined, started, stopped, ...
    DomainLifecycle {
        /// The domain.
        uuid: Uuid,
        /// Its name at that moment.
        name: String,
        /// A word of [`DOMAIN_EVENTS`].
        event: &'static str,
        /// What the event adds, e.g. `destroyed` to `stopped`.
        detail: &'static str,
    },
    /// A network was defined, started, stopped, ...
    NetworkLifecycle {
        /// The network.
        uuid: Uuid,
        /// Its name at that moment.
        name: String,
        /// A word of [`NETWORK_EVENTS`].
        event: &'static str,
    },
    /// Anything else that libvirt tells of an object.
    Other {
        /// What happened, e.g. `deviceAdded`.
        kind: &'static str,
        /// The object, where it has a UUID.
        uuid: Option<Uuid>,
        /// Its name at that moment, where it has one.
        name: Option<String>,
        /// What the event says.
        fields: Fields,
    },
    /// The daemon is gone: `error`, `eof`, `keepalive` or `client`. What happens meanwhile is not told later.
    Disconnected {
        /// Why.
        reason: &'static str,
    },
    /// The domain does not answer: until it is released its calls are refused with `QUARANTINED`, one probe at a time excepted.
    DomainQuarantined {
        /// The domain.
        uuid: Uuid,
    },
    /// A quarantined domain answers again, or the daemon that it hung in is gone.
    DomainReleased {
        /// The domain.
        uuid: Uuid,
    },
    /// The daemon is back. List again: nothing tells what happened in between.
    Reconnected,
}

/// Where events go. Called on libvirt's event thread: it must not block and must not call libvirt.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// Called when the link breaks, with the reason.
pub(crate) type OnLost = Arc<dyn Fn(&'static str) + Send + Sync>;

type Deregister = unsafe extern "C" fn(sys::virConnectPtr, c_int) -> c_int;

/// The connection that carries events. Its callbacks are taken back when it is dropped.
pub(crate) struct EventLink {
    session: Session,
    callbacks: Vec<(Deregister, c_int)>,
    /// What the close callback is given. Ours, and not libvirt's to free: a driver without the callback takes it without
    /// a word and forgets it.
    lost: Box<OnLost>,
    watches_close: bool,
}

impl EventLink {
    /// Subscribes to everything the driver offers; what it doesn't offer is left out, but for the lifecycle of domains.
    /// `DISCONNECTED` when the daemon goes away meanwhile.
    pub(crate) fn subscribe(session: Session, sink: &Sink, lost: &OnLost, monitors: bool) -> Result<Self> {
        let lost = Box::new(Arc::clone(lost));
        let mut link = Self { session, callbacks: Vec::new(), lost, watches_close: false };
        // First of all: a link that breaks from here on tells so.
        link.watches_close = link.watch_close().is_ok();
        link.watch_domains(sink)?;
        link.watch_others(sink);
        if monitors {
            link.watch_monitors(sink)?;
        }
        // What the driver lacks is left out; what could not be asked for is no link.
        if link.session.alive() {
            Ok(link)
        } else {
            Err(Error::own(Code::Disconnected, "virConnectEventRegisterAny", "the daemon went away"))
        }
    }

    fn watch_domains(&mut self, sink: &Sink) -> Result<()> {
        // SAFETY: the lifecycle callback has the signature that this event id calls; the generic type is how C passes it.
        let lifecycle = unsafe { std::mem::transmute::<DomainLifecycle, domain::Callback>(on_domain) };
        self.watch_domain_event(sink, sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle)?;
        for (id, callback) in domain::callbacks() {
            // A daemon older than the event, or a driver without it.
            let _ = self.watch_domain_event(sink, id, callback);
        }
        Ok(())
    }

    fn watch_domain_event(&mut self, sink: &Sink, id: c_uint, callback: domain::Callback) -> Result<()> {
        let register = sys::virConnectDomainEventRegisterAny;
        self.watch(sys::virConnectDomainEventDeregisterAny, sink, |conn, opaque| {
            // SAFETY: libvirt owns `opaque` until it calls `free_sink`, exactly once, or the registration fails.
            unsafe { register(conn, ptr::null_mut(), id.cast_signed(), Some(callback), opaque, Some(free_sink)) }
        })
    }

    fn watch_monitors(&mut self, sink: &Sink) -> Result<()> {
        self.watch(sys::virConnectDomainQemuMonitorEventDeregister, sink, |conn, opaque| {
            let (domain, event) = (ptr::null_mut(), ptr::null());
            // SAFETY: as in `watch_domain_event`.
            unsafe {
                let told = Some(monitor::on_event as monitor::Callback);
                sys::virConnectDomainQemuMonitorEventRegister(conn, domain, event, told, opaque, Some(free_sink), 0)
            }
        })
    }

    fn watch_others(&mut self, sink: &Sink) {
        /// Registers callbacks of one family; what the driver lacks is left out.
        macro_rules! family {
            ($callbacks:path, $register:ident, $deregister:ident) => {
                for (id, callback) in $callbacks() {
                    let _ = self.watch(sys::$deregister, sink, |conn, opaque| {
                        // SAFETY: as in `watch_domain_event`.
                        unsafe {
                            let (object, id) = (ptr::null_mut(), id.cast_signed());
                            sys::$register(conn, object, id, Some(callback), opaque, Some(free_sink))
                        }
                    });
                }
            };
        }
        family!(objects::network_callbacks, virConnectNetworkEventRegisterAny, virConnectNetworkEventDeregisterAny);
        family!(
            objects::pool_callbacks,
            virConnectStoragePoolEventRegisterAny,
            virConnectStoragePoolEventDeregisterAny
        );
        family!(
            objects::device_callbacks,
            virConnectNodeDeviceEventRegisterAny,
            virConnectNodeDeviceEventDeregisterAny
        );
        family!(objects::secret_callbacks, virConnectSecretEventRegisterAny, virConnectSecretEventDeregisterAny);
    }

    fn watch(
        &mut self,
        deregister: Deregister,
        sink: &Sink,
        register: impl FnOnce(sys::virConnectPtr, *mut c_void) -> c_int,
    ) -> Result<()> {
        let opaque = Box::into_raw(Box::new(Arc::clone(sink)));
        let id =
            check(register(self.session.conn(), opaque.cast()), "virConnectEventRegisterAny").inspect_err(|_| {
                // SAFETY: made above; a refused registration never frees it.
                drop(unsafe { Box::from_raw(opaque) });
            })?;
        self.callbacks.push((deregister, id));
        Ok(())
    }

    fn watch_close(&self) -> Result<()> {
        let opaque = (&raw const *self.lost).cast_mut();
        // SAFETY: `opaque` lives until the callback is taken back, which waits for one that runs.
        let answer =
            unsafe { sys::virConnectRegisterCloseCallback(self.session.conn(), Some(on_close), opaque.cast(), None) };
        check(answer, "virConnectRegisterCloseCallback").map(drop)
    }
}

impl Drop for EventLink {
    fn drop(&mut self) {
        let conn = self.session.conn();
        // SAFETY: ids that this connection gave, taken back once. On a dead link libvirt drops them locally and
        // answers with an error that nobody needs.
        unsafe {
            for (deregister, id) in self.callbacks.drain(..) {
                deregister(conn, id);
            }
            if self.watches_close {
                sys::virConnectUnregisterCloseCallback(conn, Some(on_close));
            }
            sys::virResetLastError();
        }
    }
}

type DomainLifecycle = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void);

unsafe extern "C" fn on_domain(
    _conn: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) {
    deliver(opaque, || {
        // SAFETY: `domain` lives during the callback; the buffer has the 16 bytes that libvirt writes.
        let uuid = uuid_of("virDomainGetUUID", |raw| unsafe { sys::virDomainGetUUID(domain, raw) }).ok()?;
        // SAFETY: as above.
        let name = unsafe { borrowed(sys::virDomainGetName(domain)) }.unwrap_or_default();
        let (event, detail) = (word(DOMAIN_EVENTS, event), domain_event_detail(event, detail));
        Some(Event::DomainLifecycle { uuid, name, event, detail })
    });
}

unsafe extern "C" fn on_close(_conn: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    // SAFETY: `opaque` is the boxed callback that was registered.
    let lost = unsafe { &*opaque.cast::<OnLost>() };
    // Unwinding into C is undefined: a panicking receiver loses its event and nothing more.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        lost(word(&["error", "eof", "keepalive", "client"], reason));
    }));
}

/// Hands an event to the sink that a callback was registered with. Nothing unwinds into C.
fn deliver(opaque: *mut c_void, event: impl FnOnce() -> Option<Event>) {
    // SAFETY: only called by callbacks, with the boxed sink that was registered.
    let sink = unsafe { &*opaque.cast::<Sink>() };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if let Some(event) = event() {
            sink(event);
        }
    }));
}

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: made by Box::into_raw; libvirt calls this once.
    drop(unsafe { Box::from_raw(opaque.cast::<Sink>()) });
}
