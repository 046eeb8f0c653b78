//! What QEMU's monitors tell, as it comes: for who asks for it, since it differs from version to version.

use libc::{c_char, c_longlong, c_uint, c_void};
use virt_sys as sys;

use super::fields::{Field, text};
use super::{Event, deliver};
use crate::ffi::{borrowed, uuid_of};

pub(super) type Callback = unsafe extern "C" fn(
    sys::virConnectPtr,
    sys::virDomainPtr,
    *const c_char,
    c_longlong,
    c_uint,
    *const c_char,
    *mut c_void,
);

pub(super) unsafe extern "C" fn on_event(
    _conn: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: *const c_char,
    seconds: c_longlong,
    micros: c_uint,
    details: *const c_char,
    opaque: *mut c_void,
) {
    deliver(opaque, || {
        // SAFETY: `domain` lives during the callback; the buffer has the 16 bytes that libvirt writes.
        let uuid = uuid_of("virDomainGetUUID", |raw| unsafe { sys::virDomainGetUUID(domain, raw) }).ok()?;
        // SAFETY: texts that live during the callback.
        let (name, event, details) = unsafe { (borrowed(sys::virDomainGetName(domain)), text(event), text(details)) };
        let fields = vec![
            ("event", event),
            ("seconds", Field::Number(seconds)),
            ("microseconds", Field::Size(u64::from(micros))),
            ("details", details),
        ];
        Some(Event::Other { kind: "qemuMonitor", uuid: Some(uuid), name, fields })
    });
}
