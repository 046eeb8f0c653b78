//! Volumes of storage pools.

use libvirt_core::ops::storage_volume as core;
use libvirt_core::{Session, Uuid};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::{all, calls};
use crate::domain::ObjectName;
use crate::number::whole;

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

/// A volume and the pool that it is in.
#[napi(object, object_from_js = false)]
pub struct FoundVolume {
    pub pool: ObjectName,
    pub volume: VolumeRecord,
}

impl From<(libvirt_core::ops::domain::ObjectName, core::VolumeRecord)> for FoundVolume {
    fn from((pool, volume): (libvirt_core::ops::domain::ObjectName, core::VolumeRecord)) -> Self {
        Self { pool: pool.into(), volume: volume.into() }
    }
}

impl From<core::VolumeRecord> for VolumeRecord {
    fn from(v: core::VolumeRecord) -> Self {
        Self { name: v.name, key: v.key, path: v.path }
    }
}

impl From<core::VolumeInfo> for VolumeInfo {
    fn from(v: core::VolumeInfo) -> Self {
        Self { kind: v.kind, capacity_bytes: number(v.capacity_bytes), allocation_bytes: number(v.allocation_bytes) }
    }
}

calls!(host {
    find_volume_by, "lookupStorageVolume", (path_or_key: String, by_key: bool) -> FoundVolume =
        move |session| session.find_volume_by(&path_or_key, by_key);
});

calls!(object {
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
        let flags = core::ResizeFlags {
            allocate: flags.allocate.unwrap_or(false),
            delta: flags.delta.unwrap_or(false),
            shrink: flags.shrink.unwrap_or(false),
        };
        move |session, pool| session.resize_volume(pool, &name, bytes, flags)
    };
    volume_xml, "storageVolumeXml", (name: String) -> String = move |session, pool| session.volume_xml(pool, &name);
    clone_volume, "cloneStorageVolume", (
        xml: String,
        source_pool: String,
        source: String,
        reflink: bool
    ) -> VolumeRecord =
        move |session: &mut Session, pool: Uuid| {
            session.clone_volume(pool, &xml, (source_pool.parse()?, &source), reflink)
        };
    wipe_volume, "wipeStorageVolume", (name: String, algorithm: String) -> () =
        move |session: &mut Session, pool: Uuid| session.wipe_volume(pool, &name, &algorithm);
});
