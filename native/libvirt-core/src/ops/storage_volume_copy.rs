//! Volumes: copies of them, wiping them, and finding them without knowing their pool.

use virt_sys as sys;

use super::domain::ObjectName;
use super::domain_dump::number_of;
use super::storage_volume::VolumeRecord;
use crate::error::Result;
use crate::ffi::{Handle, arg, bits, check};
use crate::session::Session;
use crate::uuid::Uuid;

/// `virStorageVolWipeAlgorithm`
const WIPES: &[&str] =
    &["zero", "nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random", "trim"];

impl Session {
    /// Makes a volume with what is in another, of this pool or of another one (`virStorageVolCreateXMLFrom`).
    pub fn clone_volume(
        &mut self,
        pool: Uuid,
        xml: &str,
        (source_pool, source): (Uuid, &str),
        reflink: bool,
    ) -> Result<VolumeRecord> {
        let (text, name) = (arg(xml)?, arg(source)?);
        let flags = bits(&[(reflink, sys::VIR_STORAGE_VOL_CREATE_REFLINK)]);
        let original = self.with_pool(source_pool, |pool| {
            // SAFETY: a live pool and a NUL-terminated name.
            let raw = unsafe { sys::virStorageVolLookupByName(pool, name.as_ptr()) };
            Handle::own(raw, "virStorageVolLookupByName").map_err(|e| e.about(source))
        })?;
        self.with_pool(pool, |pool| {
            // SAFETY: a live pool, a live volume and NUL-terminated XML.
            let raw = unsafe { sys::virStorageVolCreateXMLFrom(pool, text.as_ptr(), original.as_ptr(), flags) };
            super::storage_volume::record(Handle::own(raw, "virStorageVolCreateXMLFrom")?.as_ptr())
        })
    }

    /// Overwrites what is in a volume (`virStorageVolWipePattern`).
    pub fn wipe_volume(&mut self, pool: Uuid, name: &str, algorithm: &str) -> Result<()> {
        const CALL: &str = "virStorageVolWipePattern";
        let algorithm = number_of(WIPES, algorithm, CALL)?;
        self.with_volume(pool, name, |volume| {
            // SAFETY: a live volume.
            check(unsafe { sys::virStorageVolWipePattern(volume, algorithm, 0) }, CALL).map(drop)
        })
    }

    /// The volume at a path or with a key, and its pool (`virStorageVolLookupByPath`, `LookupByKey`,
    /// `virStoragePoolLookupByVolume`).
    pub fn find_volume_by(&mut self, path_or_key: &str, by_key: bool) -> Result<(ObjectName, VolumeRecord)> {
        let text = arg(path_or_key)?;
        // SAFETY: a live connection and a NUL-terminated text.
        let (raw, call) = unsafe {
            if by_key {
                (sys::virStorageVolLookupByKey(self.conn(), text.as_ptr()), "virStorageVolLookupByKey")
            } else {
                (sys::virStorageVolLookupByPath(self.conn(), text.as_ptr()), "virStorageVolLookupByPath")
            }
        };
        let volume = Handle::own(raw, call).map_err(|error| error.about(path_or_key))?;
        // SAFETY: a live volume.
        let pool = unsafe { sys::virStoragePoolLookupByVolume(volume.as_ptr()) };
        let pool = super::storage_pool::reference(&Handle::own(pool, "virStoragePoolLookupByVolume")?)?;
        Ok((pool, super::storage_volume::record(volume.as_ptr())?))
    }
}
