//! Storage pools and volumes.

use libvirt_core::Session;
use libvirt_core::ops::{storage_pool, storage_volume};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::domain_changes::whole;
use crate::domain_records::ObjectName;

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

#[napi]
impl NativeConnection {
    #[napi]
    pub fn list_pools<'env>(
        &self,
        env: &'env Env,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<PoolRecord>>> {
        self.host(env, "listStoragePools", (timeout_ms, token), |session| {
            Ok(session.list_pools()?.into_iter().map(PoolRecord::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn find_pool_by_name<'env>(
        &self,
        env: &'env Env,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "lookupStoragePool", (timeout_ms, token), move |session| session.find_pool_by_name(&name))
    }

    #[napi]
    pub fn define_pool<'env>(
        &self,
        env: &'env Env,
        xml: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "defineStoragePool", (timeout_ms, token), move |session| session.define_pool(&xml))
    }

    #[napi]
    pub fn build_pool<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "buildStoragePool", uuid, (timeout_ms, token), Session::build_pool)
    }

    #[napi]
    pub fn start_pool<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        build: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "startStoragePool", uuid, (timeout_ms, token), move |session, uuid| {
            session.start_pool(uuid, build)
        })
    }

    #[napi]
    pub fn destroy_pool<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "destroyStoragePool", uuid, (timeout_ms, token), Session::destroy_pool)
    }

    #[napi]
    pub fn undefine_pool<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "undefineStoragePool", uuid, (timeout_ms, token), Session::undefine_pool)
    }

    #[napi]
    pub fn refresh_pool<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "refreshStoragePool", uuid, (timeout_ms, token), Session::refresh_pool)
    }

    #[napi]
    pub fn set_pool_autostart<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        autostart: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "setStoragePoolAutostart", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_pool_autostart(uuid, autostart)
        })
    }

    #[napi]
    pub fn pool_info<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, PoolInfo>> {
        self.object(env, "storagePoolInfo", uuid, (timeout_ms, token), Session::pool_info)
    }

    #[napi]
    pub fn pool_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.object(env, "storagePoolXml", uuid, (timeout_ms, token), Session::pool_xml)
    }

    #[napi]
    pub fn list_volumes<'env>(
        &self,
        env: &'env Env,
        pool: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<VolumeRecord>>> {
        self.object(env, "listStorageVolumes", pool, (timeout_ms, token), |session, pool| {
            Ok(session.list_volumes(pool)?.into_iter().map(VolumeRecord::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn find_volume<'env>(
        &self,
        env: &'env Env,
        pool: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, VolumeRecord>> {
        self.object(env, "lookupStorageVolume", pool, (timeout_ms, token), move |session, pool| {
            session.find_volume(pool, &name)
        })
    }

    #[napi]
    pub fn create_volume<'env>(
        &self,
        env: &'env Env,
        pool: String,
        xml: String,
        preallocate_metadata: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, VolumeRecord>> {
        self.object(env, "createStorageVolume", pool, (timeout_ms, token), move |session, pool| {
            session.create_volume(pool, &xml, preallocate_metadata)
        })
    }

    #[napi]
    pub fn delete_volume<'env>(
        &self,
        env: &'env Env,
        pool: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "deleteStorageVolume", pool, (timeout_ms, token), move |session, pool| {
            session.delete_volume(pool, &name)
        })
    }

    #[napi]
    pub fn volume_info<'env>(
        &self,
        env: &'env Env,
        pool: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, VolumeInfo>> {
        self.object(env, "storageVolumeInfo", pool, (timeout_ms, token), move |session, pool| {
            session.volume_info(pool, &name)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn resize_volume<'env>(
        &self,
        env: &'env Env,
        pool: String,
        name: String,
        bytes: f64,
        flags: ResizeFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let bytes = whole(bytes, "capacity")?;
        let flags = storage_volume::ResizeFlags {
            allocate: flags.allocate.unwrap_or(false),
            delta: flags.delta.unwrap_or(false),
            shrink: flags.shrink.unwrap_or(false),
        };
        self.object(env, "resizeStorageVolume", pool, (timeout_ms, token), move |session, pool| {
            session.resize_volume(pool, &name, bytes, flags)
        })
    }

    #[napi]
    pub fn volume_xml<'env>(
        &self,
        env: &'env Env,
        pool: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.object(env, "storageVolumeXml", pool, (timeout_ms, token), move |session, pool| {
            session.volume_xml(pool, &name)
        })
    }
}
