//! Domains: one disk, by its target or source. Sizes and bandwidths are bytes.

use std::ffi::CStr;

use libc::{c_int, c_ulong};
use virt_sys as sys;

use super::domain::Affect;
use crate::error::{Code, Error, Result};
use crate::ffi::{arg, bits, check, flag_word, optional_arg, pointer};
use crate::parameters::{self, List, Param};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{BLOCK_JOB_TYPES, word};

/// Sizes of a disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    /// What the guest sees.
    pub capacity_bytes: u64,
    /// What is in use.
    pub allocation_bytes: u64,
    /// What it takes on the host.
    pub physical_bytes: u64,
}

/// A job on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockJob {
    /// A word of [`BLOCK_JOB_TYPES`].
    pub kind: &'static str,
    /// Limit in bytes a second; 0 is none.
    pub bandwidth_bytes: u64,
    /// How far it is; units are its own.
    pub current: u64,
    /// Where it ends. A copy that has `current == end` follows the guest's writes and can pivot.
    pub end: u64,
}

flag_word! {
    /// How a disk is copied.
    CopyFlags {
        /// The top layer only.
        shallow = VIR_DOMAIN_BLOCK_COPY_SHALLOW,
        /// The target is there already.
        reuse_external = VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
        /// Don't refuse a persistent domain: the job won't survive a restart of it.
        transient_job = VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB,
        /// A write of the guest ends when it is on both.
        synchronous_writes = VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES,
    }
}

flag_word! {
    /// How layers are merged downwards.
    CommitFlags {
        /// Only the layer right below `top`.
        shallow = VIR_DOMAIN_BLOCK_COMMIT_SHALLOW,
        /// Delete what was merged.
        delete = VIR_DOMAIN_BLOCK_COMMIT_DELETE,
        /// The layer the guest writes to; it needs a pivot at the end.
        active = VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
        /// Keep relative names of the layers.
        relative = VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
    }
}

/// Bytes a second as libvirt takes them.
fn bandwidth(bytes: u64) -> Result<c_ulong> {
    c_ulong::try_from(bytes).map_err(|_| Error::own(Code::InvalidArg, "bandwidth", "too many bytes a second"))
}

impl Session {
    fn disk_call(
        &mut self,
        uuid: Uuid,
        disk: &str,
        call: &'static str,
        act: impl FnOnce(*mut sys::virDomain, &CStr) -> c_int,
    ) -> Result<c_int> {
        let text = arg(disk)?;
        self.domain_call(uuid, call, |domain| act(domain, &text))
    }

    /// Sizes (`virDomainGetBlockInfo`).
    pub fn block_info(&mut self, uuid: Uuid, disk: &str) -> Result<BlockInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virDomainBlockInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live domain, a NUL-terminated name and a place for the answer.
        self.disk_call(uuid, disk, "virDomainGetBlockInfo", |domain, disk| unsafe {
            sys::virDomainGetBlockInfo(domain, disk.as_ptr(), &raw mut info, 0)
        })?;
        Ok(BlockInfo {
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
            physical_bytes: info.physical,
        })
    }

    /// Counters (`virDomainBlockStatsFlags`).
    pub fn block_stats(&mut self, uuid: Uuid, disk: &str) -> Result<Vec<Param>> {
        let text = arg(disk)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain, a NUL-terminated name; the array has the room that the count says.
            parameters::counted("virDomainBlockStatsFlags", |array, count| unsafe {
                sys::virDomainBlockStatsFlags(domain, text.as_ptr(), array, count, sys::VIR_TYPED_PARAM_STRING_OKAY)
            })
        })
    }

    /// Changes the size that the guest sees (`virDomainBlockResize`).
    pub fn block_resize(&mut self, uuid: Uuid, disk: &str, bytes: u64) -> Result<()> {
        // SAFETY: a live domain and a NUL-terminated name.
        self.disk_call(uuid, disk, "virDomainBlockResize", |domain, disk| unsafe {
            sys::virDomainBlockResize(domain, disk.as_ptr(), bytes, sys::VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        })
        .map(drop)
    }

    /// Limits of throughput (`virDomainGetBlockIoTune`).
    pub fn block_io_tune(&mut self, uuid: Uuid, disk: &str, affect: Affect) -> Result<Vec<Param>> {
        let text = arg(disk)?;
        let flags = affect.word() | sys::VIR_TYPED_PARAM_STRING_OKAY;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain, a NUL-terminated name; the array has the room that the count says.
            parameters::counted("virDomainGetBlockIoTune", |array, count| unsafe {
                sys::virDomainGetBlockIoTune(domain, text.as_ptr(), array, count, flags)
            })
        })
    }

    /// Sets limits of throughput; what is not named stays, 0 is no limit (`virDomainSetBlockIoTune`).
    pub fn set_block_io_tune(&mut self, uuid: Uuid, disk: &str, params: &[Param], affect: Affect) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live domain, a NUL-terminated name and a list that lives.
        self.disk_call(uuid, disk, "virDomainSetBlockIoTune", |domain, disk| unsafe {
            sys::virDomainSetBlockIoTune(domain, disk.as_ptr(), list.as_ptr(), list.len(), affect.word())
        })
        .map(drop)
    }

    /// Begins copying a disk to where the `<disk>` XML says (`virDomainBlockCopy`).
    pub fn block_copy(&mut self, uuid: Uuid, disk: &str, xml: &str, params: &[Param], flags: CopyFlags) -> Result<()> {
        let (target, list) = (arg(xml)?, List::of(params)?);
        // SAFETY: a live domain, NUL-terminated texts and a list that lives.
        self.disk_call(uuid, disk, "virDomainBlockCopy", |domain, disk| unsafe {
            sys::virDomainBlockCopy(domain, disk.as_ptr(), target.as_ptr(), list.as_ptr(), list.len(), flags.word())
        })
        .map(drop)
    }

    /// Begins merging layers from `top` down into `base` (`virDomainBlockCommit`).
    pub fn block_commit(
        &mut self,
        uuid: Uuid,
        disk: &str,
        (base, top): (Option<&str>, Option<&str>),
        limit: u64,
        flags: CommitFlags,
    ) -> Result<()> {
        let (base, top, limit) = (optional_arg(base)?, optional_arg(top)?, bandwidth(limit)?);
        let flags = flags.word() | sys::VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES;
        // SAFETY: a live domain, texts null or NUL-terminated.
        self.disk_call(uuid, disk, "virDomainBlockCommit", |domain, disk| unsafe {
            sys::virDomainBlockCommit(
                domain,
                disk.as_ptr(),
                pointer(base.as_ref()),
                pointer(top.as_ref()),
                limit,
                flags,
            )
        })
        .map(drop)
    }

    /// Begins pulling lower layers up to the active one; all of them, or those above `base` (`virDomainBlockRebase`).
    pub fn block_pull(&mut self, uuid: Uuid, disk: &str, base: Option<&str>, limit: u64) -> Result<()> {
        let (base, limit) = (optional_arg(base)?, bandwidth(limit)?);
        // SAFETY: a live domain, texts null or NUL-terminated.
        self.disk_call(uuid, disk, "virDomainBlockRebase", |domain, disk| unsafe {
            sys::virDomainBlockRebase(
                domain,
                disk.as_ptr(),
                pointer(base.as_ref()),
                limit,
                sys::VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES,
            )
        })
        .map(drop)
    }

    /// The job that runs on a disk (`virDomainGetBlockJobInfo`).
    pub fn block_job(&mut self, uuid: Uuid, disk: &str) -> Result<Option<BlockJob>> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virDomainBlockJobInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live domain, a NUL-terminated name and a place for the answer.
        let found = self.disk_call(uuid, disk, "virDomainGetBlockJobInfo", |domain, disk| unsafe {
            let flags = sys::VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES;
            sys::virDomainGetBlockJobInfo(domain, disk.as_ptr(), &raw mut info, flags)
        })?;
        Ok((found > 0).then(|| BlockJob {
            kind: word(BLOCK_JOB_TYPES, info.type_),
            bandwidth_bytes: info.bandwidth,
            current: info.cur,
            end: info.end,
        }))
    }

    /// Ends the job of a disk; with `pivot` onto the copy (`virDomainBlockJobAbort`).
    pub fn abort_block_job(&mut self, uuid: Uuid, disk: &str, pivot: bool, no_wait: bool) -> Result<()> {
        let flags =
            bits(&[(pivot, sys::VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT), (no_wait, sys::VIR_DOMAIN_BLOCK_JOB_ABORT_ASYNC)]);
        // SAFETY: a live domain and a NUL-terminated name.
        self.disk_call(uuid, disk, "virDomainBlockJobAbort", |domain, disk| unsafe {
            sys::virDomainBlockJobAbort(domain, disk.as_ptr(), flags)
        })
        .map(drop)
    }

    /// Limits the job of a disk (`virDomainBlockJobSetSpeed`).
    pub fn set_block_job_speed(&mut self, uuid: Uuid, disk: &str, limit: u64) -> Result<()> {
        let limit = bandwidth(limit)?;
        // SAFETY: a live domain and a NUL-terminated name.
        self.disk_call(uuid, disk, "virDomainBlockJobSetSpeed", |domain, disk| unsafe {
            let flags = sys::VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES;
            sys::virDomainBlockJobSetSpeed(domain, disk.as_ptr(), limit, flags)
        })
        .map(drop)
    }

    /// Detaches a device by its alias; for a running guest a request (`virDomainDetachDeviceAlias`).
    pub fn detach_device_alias(&mut self, uuid: Uuid, alias: &str, affect: Affect) -> Result<()> {
        let text = arg(alias)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a NUL-terminated alias.
            let answer = unsafe { sys::virDomainDetachDeviceAlias(domain, text.as_ptr(), affect.word()) };
            check(answer, "virDomainDetachDeviceAlias").map(drop)
        })
    }
}
