//! Events of networks, storage pools, node devices and secrets.

use libc::{c_int, c_uint, c_void};
use virt_sys as sys;

use super::Event;
use super::fields::Field;
use crate::ffi::{borrowed, uuid_of};
use crate::uuid::Uuid;
use crate::vocabulary::{NETWORK_EVENTS, SECRET_USAGES, word};

const POOL_EVENTS: &[&str] = &["defined", "undefined", "started", "stopped", "created", "deleted"];
const DEVICE_EVENTS: &[&str] = &["created", "deleted", "defined", "undefined"];
const SECRET_EVENTS: &[&str] = &["defined", "undefined"];

type Lifecycle<T> = unsafe extern "C" fn(sys::virConnectPtr, *mut T, c_int, c_int, *mut c_void);
type Plain<T> = unsafe extern "C" fn(sys::virConnectPtr, *mut T, *mut c_void);

/// # Safety
/// libvirt calls the function by the id that it is registered for, with the arguments of a lifecycle event.
unsafe fn generic<T>(callback: Lifecycle<T>) -> Plain<T> {
    // SAFETY: passed on to the caller.
    unsafe { std::mem::transmute::<Lifecycle<T>, Plain<T>>(callback) }
}

pub(super) fn network_callbacks() -> Vec<(c_uint, Plain<sys::virNetwork>)> {
    // SAFETY: a lifecycle callback for a lifecycle id.
    vec![(sys::VIR_NETWORK_EVENT_ID_LIFECYCLE, unsafe { generic(on_network) })]
}

pub(super) fn pool_callbacks() -> Vec<(c_uint, Plain<sys::virStoragePool>)> {
    // SAFETY: as above.
    let lifecycle = unsafe { generic(on_pool) };
    vec![
        (sys::VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, lifecycle),
        (sys::VIR_STORAGE_POOL_EVENT_ID_REFRESH, on_pool_refresh),
    ]
}

pub(super) fn device_callbacks() -> Vec<(c_uint, Plain<sys::virNodeDevice>)> {
    // SAFETY: as above.
    let lifecycle = unsafe { generic(on_device) };
    vec![(sys::VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, lifecycle), (sys::VIR_NODE_DEVICE_EVENT_ID_UPDATE, on_device_update)]
}

pub(super) fn secret_callbacks() -> Vec<(c_uint, Plain<sys::virSecret>)> {
    // SAFETY: as above.
    let lifecycle = unsafe { generic(on_secret) };
    vec![(sys::VIR_SECRET_EVENT_ID_LIFECYCLE, lifecycle), (sys::VIR_SECRET_EVENT_ID_VALUE_CHANGED, on_secret_value)]
}

unsafe extern "C" fn on_network(
    _conn: sys::virConnectPtr,
    network: sys::virNetworkPtr,
    event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    super::deliver(opaque, || {
        // SAFETY: `network` lives during the callback; the buffer has the 16 bytes that libvirt writes.
        let uuid = uuid_of("virNetworkGetUUID", |raw| unsafe { sys::virNetworkGetUUID(network, raw) }).ok()?;
        // SAFETY: as above.
        let name = unsafe { borrowed(sys::virNetworkGetName(network)) }.unwrap_or_default();
        Some(Event::NetworkLifecycle { uuid, name, event: word(NETWORK_EVENTS, event) })
    });
}

/// # Safety
/// `pool` lives during the call.
unsafe fn pool_event(kind: &'static str, pool: sys::virStoragePoolPtr, event: Option<Field>) -> Option<Event> {
    // SAFETY: passed on to the caller.
    let uuid = uuid_of("virStoragePoolGetUUID", |raw| unsafe { sys::virStoragePoolGetUUID(pool, raw) }).ok()?;
    // SAFETY: passed on to the caller.
    let name = unsafe { borrowed(sys::virStoragePoolGetName(pool)) };
    Some(object_event(kind, Some(uuid), name, event))
}

fn object_event(kind: &'static str, uuid: Option<Uuid>, name: Option<String>, event: Option<Field>) -> Event {
    Event::Other { kind, uuid, name, fields: event.into_iter().map(|event| ("event", event)).collect() }
}

unsafe extern "C" fn on_pool(
    _conn: sys::virConnectPtr,
    pool: sys::virStoragePoolPtr,
    event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: `pool` lives during the callback.
    super::deliver(opaque, || unsafe { pool_event("storagePool", pool, Some(Field::Word(word(POOL_EVENTS, event)))) });
}

unsafe extern "C" fn on_pool_refresh(_conn: sys::virConnectPtr, pool: sys::virStoragePoolPtr, opaque: *mut c_void) {
    // SAFETY: as above.
    super::deliver(opaque, || unsafe { pool_event("storagePoolRefresh", pool, None) });
}

unsafe extern "C" fn on_device(
    _conn: sys::virConnectPtr,
    device: sys::virNodeDevicePtr,
    event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    super::deliver(opaque, || {
        // SAFETY: `device` lives during the callback.
        let name = unsafe { borrowed(sys::virNodeDeviceGetName(device)) };
        Some(object_event("nodeDevice", None, name, Some(Field::Word(word(DEVICE_EVENTS, event)))))
    });
}

unsafe extern "C" fn on_device_update(_conn: sys::virConnectPtr, device: sys::virNodeDevicePtr, opaque: *mut c_void) {
    super::deliver(opaque, || {
        // SAFETY: as above.
        let name = unsafe { borrowed(sys::virNodeDeviceGetName(device)) };
        Some(object_event("nodeDeviceUpdate", None, name, None))
    });
}

/// # Safety
/// `secret` lives during the call.
unsafe fn secret_event(kind: &'static str, secret: sys::virSecretPtr, event: Option<Field>) -> Option<Event> {
    // SAFETY: passed on to the caller.
    let uuid = uuid_of("virSecretGetUUID", |raw| unsafe { sys::virSecretGetUUID(secret, raw) }).ok()?;
    // SAFETY: passed on to the caller.
    let (usage, usage_id) = unsafe { (sys::virSecretGetUsageType(secret), borrowed(sys::virSecretGetUsageID(secret))) };
    let mut fields: Vec<_> = event.into_iter().map(|event| ("event", event)).collect();
    fields.push(("usage", Field::Word(word(SECRET_USAGES, usage))));
    fields.push(("usageId", Field::Text(usage_id)));
    Some(Event::Other { kind, uuid: Some(uuid), name: None, fields })
}

unsafe extern "C" fn on_secret(
    _conn: sys::virConnectPtr,
    secret: sys::virSecretPtr,
    event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: `secret` lives during the callback.
    super::deliver(opaque, || unsafe { secret_event("secret", secret, Some(Field::Word(word(SECRET_EVENTS, event)))) });
}

unsafe extern "C" fn on_secret_value(_conn: sys::virConnectPtr, secret: sys::virSecretPtr, opaque: *mut c_void) {
    // SAFETY: as above.
    super::deliver(opaque, || unsafe { secret_event("secretValue", secret, None) });
}
