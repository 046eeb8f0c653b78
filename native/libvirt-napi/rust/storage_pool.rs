//! Storage pools.

use libvirt_core::Session;
use libvirt_core::ops::storage_pool as core;
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::{all, calls};
use crate::domain::ObjectName;

/// A pool.
#[napi(object, object_from_js = false)]
pub struct PoolRecord {
    pub uuid: String,
    pub name: String,
    pub active: bool,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it comes up with the daemon.
    pub autostart: bool,
}

/// Room in a pool.
#[napi(object, object_from_js = false)]
pub struct PoolInfo {
    #[napi(ts_type = "PoolStateName")]
    pub state: &'static str,
    pub capacity_bytes: f64,
    pub allocation_bytes: f64,
    pub available_bytes: f64,
}

impl From<core::PoolRecord> for PoolRecord {
    fn from(p: core::PoolRecord) -> Self {
        let uuid = p.uuid.to_string();
        Self { uuid, name: p.name, active: p.active, persistent: p.persistent, autostart: p.autostart }
    }
}

impl From<core::PoolInfo> for PoolInfo {
    fn from(p: core::PoolInfo) -> Self {
        Self {
            state: p.state,
            capacity_bytes: number(p.capacity_bytes),
            allocation_bytes: number(p.allocation_bytes),
            available_bytes: number(p.available_bytes),
        }
    }
}

calls!(host {
    list_pools, "listStoragePools", () -> Vec<PoolRecord> =
        |session| session.list_pools().map(all);
    find_pool_by_name, "lookupStoragePool", (name: String) -> ObjectName =
        move |session| session.find_pool_by_name(&name);
    define_pool, "defineStoragePool", (xml: String) -> ObjectName = move |session| session.define_pool(&xml);
    find_pool_by_path, "lookupStoragePool", (path: String) -> ObjectName =
        move |session| session.find_pool_by_path(&path);
    create_pool, "createStoragePool", (xml: String, build: bool) -> ObjectName =
        move |session| session.create_pool(&xml, build);
    find_pool_sources, "findStoragePoolSources", (kind: String, source: Option<String>) -> String =
        move |session| session.find_pool_sources(&kind, source.as_deref());
    pool_capabilities, "storagePoolCapabilities", () -> String = Session::pool_capabilities;
});

calls!(object {
    build_pool, "buildStoragePool", () -> () = Session::build_pool;
    start_pool, "startStoragePool", (build: bool) -> () = move |session, uuid| session.start_pool(uuid, build);
    destroy_pool, "destroyStoragePool", () -> () = Session::destroy_pool;
    undefine_pool, "undefineStoragePool", () -> () = Session::undefine_pool;
    refresh_pool, "refreshStoragePool", () -> () = Session::refresh_pool;
    set_pool_autostart, "setStoragePoolAutostart", (autostart: bool) -> () =
        move |session, uuid| session.set_pool_autostart(uuid, autostart);
    pool_info, "storagePoolInfo", () -> PoolInfo = Session::pool_info;
    pool_xml, "storagePoolXml", () -> String = Session::pool_xml;
    find_pool, "lookupStoragePool", () -> ObjectName = Session::find_pool;
    delete_pool, "deleteStoragePool", () -> () = Session::delete_pool;
});
