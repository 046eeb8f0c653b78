//! What libvirt tells of its own accord, and the connection that it is told on.

use std::sync::Arc;

use libc::{c_int, c_void};
use virt_sys as sys;

use crate::error::{Error, Result};
use crate::ffi::{borrowed, check, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{DOMAIN_EVENTS, NETWORK_EVENTS, domain_event_detail, word};

/// Something that happened. Order is libvirt's, per connection.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The connection that carries events. Its callbacks are taken back when it is dropped.
pub(crate) struct EventLink {
    session: Session,
    domain_callback: Option<c_int>,
    network_callback: Option<c_int>,
    /// What the close callback is given. Ours, and not libvirt's to free: a driver without the callback takes it without
    /// a word and forgets it.
    lost: Box<OnLost>,
    watches_close: bool,
}

impl EventLink {
    /// Subscribes to everything the driver offers; what it doesn't offer is left out.
    pub(crate) fn subscribe(session: Session, sink: &Sink, lost: &OnLost) -> Result<Self> {
        let lost = Box::new(Arc::clone(lost));
        let mut link = Self { session, domain_callback: None, network_callback: None, lost, watches_close: false };
        link.domain_callback = Some(link.watch_domains(sink)?);
        link.network_callback = link.watch_networks(sink).ok();
        link.watches_close = link.watch_close().is_ok();
        Ok(link)
    }

    fn watch_domains(&self, sink: &Sink) -> Result<c_int> {
        // SAFETY: the lifecycle callback has the signature that this event id calls; the generic type is how C passes it.
        let callback = unsafe {
            std::mem::transmute::<
                DomainLifecycle,
                unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
            >(on_domain)
        };
        let opaque = Box::into_raw(Box::new(Arc::clone(sink)));
        // SAFETY: libvirt owns `opaque` until it calls `free_sink`, exactly once, or the registration fails.
        let id = unsafe {
            sys::virConnectDomainEventRegisterAny(
                self.session.conn(),
                std::ptr::null_mut(),
                sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE.cast_signed(),
                Some(callback),
                opaque.cast(),
                Some(free_sink),
            )
        };
        registered(id, opaque, "virConnectDomainEventRegisterAny")
    }

    fn watch_networks(&self, sink: &Sink) -> Result<c_int> {
        // SAFETY: as in `watch_domains`.
        let callback = unsafe {
            std::mem::transmute::<
                NetworkLifecycle,
                unsafe extern "C" fn(sys::virConnectPtr, sys::virNetworkPtr, *mut c_void),
            >(on_network)
        };
        let opaque = Box::into_raw(Box::new(Arc::clone(sink)));
        // SAFETY: as in `watch_domains`.
        let id = unsafe {
            sys::virConnectNetworkEventRegisterAny(
                self.session.conn(),
                std::ptr::null_mut(),
                sys::VIR_NETWORK_EVENT_ID_LIFECYCLE.cast_signed(),
                Some(callback),
                opaque.cast(),
                Some(free_sink),
            )
        };
        registered(id, opaque, "virConnectNetworkEventRegisterAny")
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
            if let Some(id) = self.domain_callback {
                sys::virConnectDomainEventDeregisterAny(conn, id);
            }
            if let Some(id) = self.network_callback {
                sys::virConnectNetworkEventDeregisterAny(conn, id);
            }
            if self.watches_close {
                sys::virConnectUnregisterCloseCallback(conn, Some(on_close));
            }
            sys::virResetLastError();
        }
    }
}

/// Takes the boxed receiver back when libvirt refused it.
fn registered<T>(answer: c_int, opaque: *mut T, call: &'static str) -> Result<c_int> {
    check(answer, call).inspect_err(|_| {
        // SAFETY: made by Box::into_raw above; a refused registration never frees it.
        drop(unsafe { Box::from_raw(opaque) });
    })
}

type DomainLifecycle = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void);
type NetworkLifecycle = unsafe extern "C" fn(sys::virConnectPtr, sys::virNetworkPtr, c_int, c_int, *mut c_void);

unsafe extern "C" fn on_domain(
    _conn: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: `opaque` is the boxed sink that was registered; `domain` lives during the callback.
    let (sink, name) = unsafe { (&*opaque.cast::<Sink>(), borrowed(sys::virDomainGetName(domain))) };
    // SAFETY: as above; the buffer has the 16 bytes that libvirt writes.
    let uuid = uuid_of("virDomainGetUUID", |raw| unsafe { sys::virDomainGetUUID(domain, raw) });
    deliver(
        sink,
        uuid.map(|uuid| Event::DomainLifecycle {
            uuid,
            name: name.unwrap_or_default(),
            event: word(DOMAIN_EVENTS, event),
            detail: domain_event_detail(event, detail),
        }),
    );
}

unsafe extern "C" fn on_network(
    _conn: sys::virConnectPtr,
    network: sys::virNetworkPtr,
    event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: as in `on_domain`.
    let (sink, name) = unsafe { (&*opaque.cast::<Sink>(), borrowed(sys::virNetworkGetName(network))) };
    // SAFETY: as in `on_domain`.
    let uuid = uuid_of("virNetworkGetUUID", |raw| unsafe { sys::virNetworkGetUUID(network, raw) });
    deliver(
        sink,
        uuid.map(|uuid| Event::NetworkLifecycle {
            uuid,
            name: name.unwrap_or_default(),
            event: word(NETWORK_EVENTS, event),
        }),
    );
}

unsafe extern "C" fn on_close(_conn: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    // SAFETY: `opaque` is the boxed callback that was registered.
    let lost = unsafe { &*opaque.cast::<OnLost>() };
    // Unwinding into C is undefined: a panicking receiver loses its event and nothing more.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        lost(word(&["error", "eof", "keepalive", "client"], reason));
    }));
}

fn deliver(sink: &Sink, event: std::result::Result<Event, Error>) {
    if let Ok(event) = event {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sink(event)));
    }
}

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: made by Box::into_raw; libvirt calls this once.
    drop(unsafe { Box::from_raw(opaque.cast::<Sink>()) });
}
