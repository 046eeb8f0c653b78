//! Storage pools and volumes.

use libvirt_core::Session;
use libvirt_core::ops::{storage_pool, storage_volume};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::calls;
use crate::domain_changes::whole;
use crate::domain_records::ObjectName;
use crate::host_objects::all;

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

/// A volume.
#[napi(object, object_from_js = false)]
pub struct VolumeRecord {
    /// Its name within the pool.
    pub name: String,
    /// libvirt's own key of it.
    pub key: String,
    /// Where it is on the host.
    pub path: String,
}

/// Type and size of a volume.
#[napi(object, object_from_js = false)]
pub struct VolumeInfo {
    #[napi(ts_type = "VolumeType")]
    pub kind: &'static str,
    /// What a guest sees.
    pub capacity_bytes: f64,
    /// What it takes.
    pub allocation_bytes: f64,
}

/// How a volume is resized.
#[napi(object)]
pub struct ResizeFlags {
    /// Allocate the new room at once.
    pub allocate: Option<bool>,
    /// The number is a difference.
    pub delta: Option<bool>,
    /// It may get smaller.
    pub shrink: Option<bool>,
}

impl From<storage_pool::PoolRecord> for PoolRecord {
    fn from(p: storage_pool::PoolRecord) -> Self {
        let uuid = p.uuid.to_string();
        Self { uuid, name: p.name, active: p.active, persistent: p.persistent, autostart: p.autostart }
    }
}

impl From<storage_pool::PoolInfo> for PoolInfo {
    fn from(p: storage_pool::PoolInfo) -> Self {
        Self {
            state: p.state,
            capacity_bytes: number(p.capacity_bytes),
            allocation_bytes: number(p.allocation_bytes),
            available_bytes: number(p.available_bytes),
        }
    }
}

impl From<storage_volume::VolumeRecord> for VolumeRecord {
    fn from(v: storage_volume::VolumeRecord) -> Self {
        Self { name: v.name, key: v.key, path: v.path }
    }
}

impl From<storage_volume::VolumeInfo> for VolumeInfo {
    fn from(v: storage_volume::VolumeInfo) -> Self {
        Self { kind: v.kind, capacity_bytes: number(v.capacity_bytes), allocation_bytes: number(v.allocation_bytes) }
    }
}

calls!(host {
    list_pools, "listStoragePools", () -> Vec<PoolRecord> =
        |session| session.list_pools().map(all);
    find_pool_by_name, "lookupStoragePool", (name: String) -> ObjectName =
        move |session| session.find_pool_by_name(&name);
    define_pool, "defineStoragePool", (xml: String) -> ObjectName = move |session| session.define_pool(&xml);
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
    list_volumes, "listStorageVolumes", () -> Vec<VolumeRecord> =
        |session, pool| session.list_volumes(pool).map(all);
    find_volume, "lookupStorageVolume", (name: String) -> VolumeRecord =
        move |session, pool| session.find_volume(pool, &name);
    create_volume, "createStorageVolume", (xml: String, preallocate_metadata: bool) -> VolumeRecord =
        move |session, pool| session.create_volume(pool, &xml, preallocate_metadata);
    delete_volume, "deleteStorageVolume", (name: String) -> () =
        move |session, pool| session.delete_volume(pool, &name);
    volume_info, "storageVolumeInfo", (name: String) -> VolumeInfo =
        move |session, pool| session.volume_info(pool, &name);
    resize_volume, "resizeStorageVolume", (name: String, bytes: f64, flags: ResizeFlags) -> () = {
        let bytes = whole(bytes, "capacity")?;
        let flags = storage_volume::ResizeFlags {
            allocate: flags.allocate.unwrap_or(false),
            delta: flags.delta.unwrap_or(false),
            shrink: flags.shrink.unwrap_or(false),
        };
        move |session, pool| session.resize_volume(pool, &name, bytes, flags)
    };
    volume_xml, "storageVolumeXml", (name: String) -> String = move |session, pool| session.volume_xml(pool, &name);
});
