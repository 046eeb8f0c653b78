//! Volumes of a storage pool, addressed by pool and name.

use libc::c_int;
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, still_there, taken};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{VOLUME_TYPES, word};

/// A volume in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRecord {
    /// Its name within the pool.
    pub name: String,
    /// libvirt's own key of it.
    pub key: String,
    /// Where it is on the host.
    pub path: String,
}

/// Size of a volume, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeInfo {
    /// A word of [`VOLUME_TYPES`].
    pub kind: &'static str,
    /// What a guest sees.
    pub capacity_bytes: u64,
    /// What it takes.
    pub allocation_bytes: u64,
}

/// How a volume is resized.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResizeFlags {
    /// Allocate the new room at once.
    pub allocate: bool,
    /// The number is a difference.
    pub delta: bool,
    /// It may get smaller.
    pub shrink: bool,
}

impl Session {
    pub(crate) fn with_volume<R>(
        &mut self,
        pool: Uuid,
        name: &str,
        act: impl FnOnce(*mut sys::virStorageVol) -> Result<R>,
    ) -> Result<R> {
        let text = arg(name)?;
        self.with_pool(pool, |pool| {
            // SAFETY: a live pool and a NUL-terminated name.
            let raw = unsafe { sys::virStorageVolLookupByName(pool, text.as_ptr()) };
            Handle::own(raw, "virStorageVolLookupByName")
                .and_then(|volume| act(volume.as_ptr()))
                .map_err(|e| e.about(name))
        })
    }

    fn volume_call(
        &mut self,
        pool: Uuid,
        name: &str,
        call: &'static str,
        act: impl FnOnce(*mut sys::virStorageVol) -> c_int,
    ) -> Result<()> {
        self.with_volume(pool, name, |volume| check(act(volume), call).map(drop))
    }

    /// The volumes of a pool (`virStoragePoolListAllVolumes`).
    pub fn list_volumes(&mut self, pool: Uuid) -> Result<Vec<VolumeRecord>> {
        self.with_pool(pool, |pool| {
            // SAFETY: a live pool; `list` owns the array.
            let volumes = list("virStoragePoolListAllVolumes", |array| unsafe {
                sys::virStoragePoolListAllVolumes(pool, array, 0)
            })?;
            still_there(&volumes, Code::NoStorageVol, |volume| record(volume.as_ptr()))
        })
    }

    /// Finds a volume; `NO_STORAGE_VOL` when there is none.
    pub fn find_volume(&mut self, pool: Uuid, name: &str) -> Result<VolumeRecord> {
        self.with_volume(pool, name, record)
    }

    /// Makes a volume (`virStorageVolCreateXML`).
    pub fn create_volume(&mut self, pool: Uuid, xml: &str, preallocate_metadata: bool) -> Result<VolumeRecord> {
        let text = arg(xml)?;
        let flags = bits(&[(preallocate_metadata, sys::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA)]);
        self.with_pool(pool, |pool| {
            // SAFETY: a live pool and NUL-terminated XML.
            let raw = unsafe { sys::virStorageVolCreateXML(pool, text.as_ptr(), flags) };
            record(Handle::own(raw, "virStorageVolCreateXML")?.as_ptr())
        })
    }

    /// Deletes a volume and what is in it (`virStorageVolDelete`).
    pub fn delete_volume(&mut self, pool: Uuid, name: &str) -> Result<()> {
        // SAFETY: a live volume.
        self.volume_call(pool, name, "virStorageVolDelete", |volume| unsafe { sys::virStorageVolDelete(volume, 0) })
    }

    /// Type and sizes (`virStorageVolGetInfo`).
    pub fn volume_info(&mut self, pool: Uuid, name: &str) -> Result<VolumeInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virStorageVolInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live volume and a place for the answer.
        self.volume_call(pool, name, "virStorageVolGetInfo", |volume| unsafe {
            sys::virStorageVolGetInfo(volume, &raw mut info)
        })?;
        Ok(VolumeInfo {
            kind: word(VOLUME_TYPES, info.type_),
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
        })
    }

    /// Changes the capacity, in bytes (`virStorageVolResize`).
    pub fn resize_volume(&mut self, pool: Uuid, name: &str, bytes: u64, flags: ResizeFlags) -> Result<()> {
        let flags = bits(&[
            (flags.allocate, sys::VIR_STORAGE_VOL_RESIZE_ALLOCATE),
            (flags.delta, sys::VIR_STORAGE_VOL_RESIZE_DELTA),
            (flags.shrink, sys::VIR_STORAGE_VOL_RESIZE_SHRINK),
        ]);
        // SAFETY: a live volume.
        self.volume_call(pool, name, "virStorageVolResize", |volume| unsafe {
            sys::virStorageVolResize(volume, bytes, flags)
        })
    }

    /// The volume as XML (`virStorageVolGetXMLDesc`).
    pub fn volume_xml(&mut self, pool: Uuid, name: &str) -> Result<String> {
        // SAFETY: a live volume; the answer is ours to free.
        self.with_volume(pool, name, |volume| unsafe {
            taken(sys::virStorageVolGetXMLDesc(volume, 0), "virStorageVolGetXMLDesc")
        })
    }
}

pub(crate) fn record(volume: *mut sys::virStorageVol) -> Result<VolumeRecord> {
    // SAFETY: a live volume, which keeps name and key; the path is ours to free.
    unsafe {
        Ok(VolumeRecord {
            name: borrowed(sys::virStorageVolGetName(volume)).ok_or_else(|| Error::last("virStorageVolGetName"))?,
            key: borrowed(sys::virStorageVolGetKey(volume)).unwrap_or_default(),
            path: taken(sys::virStorageVolGetPath(volume), "virStorageVolGetPath")?,
        })
    }
}
