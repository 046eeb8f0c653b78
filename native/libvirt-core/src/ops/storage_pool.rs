//! Storage pools.

use libc::c_int;
use virt_sys as sys;

use super::domain::ObjectName;
use crate::error::{Code, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, optional_arg, pointer, still_there, taken, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{POOL_STATES, word};

/// A pool in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRecord {
    /// The pool.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// Whether it is up.
    pub active: bool,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

/// Room in a pool, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolInfo {
    /// A word of [`POOL_STATES`].
    pub state: &'static str,
    /// In all.
    pub capacity_bytes: u64,
    /// Taken.
    pub allocation_bytes: u64,
    /// Left.
    pub available_bytes: u64,
}

impl Session {
    pub(crate) fn with_pool<R>(
        &mut self,
        uuid: Uuid,
        act: impl FnOnce(*mut sys::virStoragePool) -> Result<R>,
    ) -> Result<R> {
        let conn = self.conn();
        let look_up = || {
            // SAFETY: a live connection and 16 bytes.
            let raw = unsafe { sys::virStoragePoolLookupByUUID(conn, uuid.0.as_ptr()) };
            Handle::own(raw, "virStoragePoolLookupByUUID")
        };
        self.pools.with(uuid, look_up, act)
    }

    fn pool_call(
        &mut self,
        uuid: Uuid,
        call: &'static str,
        act: impl FnOnce(*mut sys::virStoragePool) -> c_int,
    ) -> Result<()> {
        self.with_pool(uuid, |pool| check(act(pool), call).map(drop))
    }

    /// All pools (`virConnectListAllStoragePools`).
    pub fn list_pools(&mut self) -> Result<Vec<PoolRecord>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let pools = list("virConnectListAllStoragePools", |array| unsafe {
            sys::virConnectListAllStoragePools(conn, array, 0)
        })?;
        still_there(&pools, Code::NoStoragePool, record)
    }

    /// Finds a pool by name; `NO_STORAGE_POOL` when there is none.
    pub fn find_pool_by_name(&mut self, name: &str) -> Result<ObjectName> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virStoragePoolLookupByName(self.conn(), text.as_ptr()) };
        reference(&Handle::own(raw, "virStoragePoolLookupByName").map_err(|e| e.about(name))?)
    }

    /// Finds a pool by UUID; `NO_STORAGE_POOL` when there is none.
    pub fn find_pool(&mut self, uuid: Uuid) -> Result<ObjectName> {
        // SAFETY: a live connection and 16 bytes.
        let raw = unsafe { sys::virStoragePoolLookupByUUID(self.conn(), uuid.0.as_ptr()) };
        let pool = Handle::own(raw, "virStoragePoolLookupByUUID").map_err(|e| e.about(uuid.to_string()))?;
        reference(&pool)
    }

    /// Finds a pool by where it lies (`virStoragePoolLookupByTargetPath`).
    pub fn find_pool_by_path(&mut self, path: &str) -> Result<ObjectName> {
        let text = arg(path)?;
        // SAFETY: a live connection and a NUL-terminated path.
        let raw = unsafe { sys::virStoragePoolLookupByTargetPath(self.conn(), text.as_ptr()) };
        let pool = Handle::own(raw, "virStoragePoolLookupByTargetPath").map_err(|e| e.about(path))?;
        reference(&pool)
    }

    /// Brings a pool up that is gone when it is taken down (`virStoragePoolCreateXML`).
    pub fn create_pool(&mut self, xml: &str, build: bool) -> Result<ObjectName> {
        let text = arg(xml)?;
        let flags = bits(&[(build, sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virStoragePoolCreateXML(self.conn(), text.as_ptr(), flags) };
        reference(&Handle::own(raw, "virStoragePoolCreateXML")?)
    }

    /// Deletes what a pool stands on, e.g. its empty folder (`virStoragePoolDelete`).
    pub fn delete_pool(&mut self, uuid: Uuid) -> Result<()> {
        self.with_pool(uuid, |pool| {
            // SAFETY: a live pool.
            let answer = unsafe { sys::virStoragePoolDelete(pool, sys::VIR_STORAGE_POOL_DELETE_NORMAL) };
            check(answer, "virStoragePoolDelete").map(drop)
        })
    }

    /// What pools of a kind could be made from, as XML (`virConnectFindStoragePoolSources`).
    pub fn find_pool_sources(&mut self, kind: &str, source: Option<&str>) -> Result<String> {
        let (kind, source) = (arg(kind)?, optional_arg(source)?);
        // SAFETY: a live connection, texts null or NUL-terminated; the answer is ours to free.
        unsafe {
            let xml = sys::virConnectFindStoragePoolSources(self.conn(), kind.as_ptr(), pointer(source.as_ref()), 0);
            taken(xml, "virConnectFindStoragePoolSources")
        }
    }

    /// Which kinds of pools there may be, as XML (`virConnectGetStoragePoolCapabilities`).
    pub fn pool_capabilities(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is ours to free.
        unsafe {
            let xml = sys::virConnectGetStoragePoolCapabilities(self.conn(), 0);
            taken(xml, "virConnectGetStoragePoolCapabilities")
        }
    }

    /// Defines a pool (`virStoragePoolDefineXML`).
    pub fn define_pool(&mut self, xml: &str) -> Result<ObjectName> {
        let text = arg(xml)?;
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virStoragePoolDefineXML(self.conn(), text.as_ptr(), 0) };
        reference(&Handle::own(raw, "virStoragePoolDefineXML")?)
    }

    /// Makes what the pool stands on, e.g. its folder (`virStoragePoolBuild`).
    pub fn build_pool(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolBuild", |pool| unsafe { sys::virStoragePoolBuild(pool, 0) })
    }

    /// Brings it up (`virStoragePoolCreate`), making what it stands on when `build` is set.
    pub fn start_pool(&mut self, uuid: Uuid, build: bool) -> Result<()> {
        let flags = bits(&[(build, sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD)]);
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolCreate", |pool| unsafe { sys::virStoragePoolCreate(pool, flags) })
    }

    /// Takes it down; its volumes stay (`virStoragePoolDestroy`).
    pub fn destroy_pool(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolDestroy", |pool| unsafe { sys::virStoragePoolDestroy(pool) })
    }

    /// Removes the definition (`virStoragePoolUndefine`).
    pub fn undefine_pool(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolUndefine", |pool| unsafe { sys::virStoragePoolUndefine(pool) })
    }

    /// Looks for volumes that came or went behind libvirt's back (`virStoragePoolRefresh`).
    pub fn refresh_pool(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolRefresh", |pool| unsafe { sys::virStoragePoolRefresh(pool, 0) })
    }

    /// Whether it comes up with the daemon (`virStoragePoolSetAutostart`).
    pub fn set_pool_autostart(&mut self, uuid: Uuid, autostart: bool) -> Result<()> {
        // SAFETY: a live pool.
        self.pool_call(uuid, "virStoragePoolSetAutostart", |pool| unsafe {
            sys::virStoragePoolSetAutostart(pool, i32::from(autostart))
        })
    }

    /// Room and state (`virStoragePoolGetInfo`).
    pub fn pool_info(&mut self, uuid: Uuid) -> Result<PoolInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virStoragePoolInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live pool and a place for the answer.
        self.pool_call(uuid, "virStoragePoolGetInfo", |pool| unsafe {
            sys::virStoragePoolGetInfo(pool, &raw mut info)
        })?;
        Ok(PoolInfo {
            state: word(POOL_STATES, info.state),
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
            available_bytes: info.available,
        })
    }

    /// The pool as XML (`virStoragePoolGetXMLDesc`).
    pub fn pool_xml(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live pool; the answer is ours to free.
        self.with_pool(uuid, |pool| unsafe {
            taken(sys::virStoragePoolGetXMLDesc(pool, 0), "virStoragePoolGetXMLDesc")
        })
    }
}

pub(crate) fn reference(pool: &Handle<sys::virStoragePool>) -> Result<ObjectName> {
    // SAFETY: a live pool and 16 bytes for the answer.
    let uuid = uuid_of("virStoragePoolGetUUID", |raw| unsafe { sys::virStoragePoolGetUUID(pool.as_ptr(), raw) })?;
    // SAFETY: a live pool, which keeps its name.
    let name = unsafe { borrowed(sys::virStoragePoolGetName(pool.as_ptr())) }.unwrap_or_default();
    Ok(ObjectName { uuid, name })
}

fn record(pool: &Handle<sys::virStoragePool>) -> Result<PoolRecord> {
    let ObjectName { uuid, name } = reference(pool)?;
    let mut autostart = 0;
    // SAFETY: a live pool and a place for the answer.
    unsafe {
        let active = check(sys::virStoragePoolIsActive(pool.as_ptr()), "virStoragePoolIsActive")? == 1;
        let persistent = check(sys::virStoragePoolIsPersistent(pool.as_ptr()), "virStoragePoolIsPersistent")? == 1;
        // A transient pool has no autostart.
        if sys::virStoragePoolGetAutostart(pool.as_ptr(), &raw mut autostart) < 0 {
            sys::virResetLastError();
        }
        Ok(PoolRecord { uuid, name, active, persistent, autostart: autostart == 1 })
    }
}
