//! Domains: one disk and the jobs on it.

use libvirt_core::ops::domain_disk;
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::calls;
use crate::domain::{Affect, on};
use crate::number::whole;
use crate::parameters::{TypedParameter, from_javascript, to_javascript};

/// How a disk is copied.
#[napi(object)]
pub struct CopyFlags {
    /// The top layer only.
    pub shallow: Option<bool>,
    /// The target is there already.
    pub reuse_external: Option<bool>,
    /// Don't refuse a persistent domain: the job won't survive a restart of it.
    pub transient_job: Option<bool>,
    /// A write of the guest ends when it is on both.
    pub synchronous_writes: Option<bool>,
}

impl From<CopyFlags> for domain_disk::CopyFlags {
    fn from(f: CopyFlags) -> Self {
        Self {
            shallow: on(f.shallow),
            reuse_external: on(f.reuse_external),
            transient_job: on(f.transient_job),
            synchronous_writes: on(f.synchronous_writes),
        }
    }
}

/// How layers are merged downwards.
#[napi(object)]
pub struct CommitFlags {
    /// Only the layer right below `top`.
    pub shallow: Option<bool>,
    /// Delete what was merged.
    pub delete: Option<bool>,
    /// The layer the guest writes to; it needs a pivot at the end.
    pub active: Option<bool>,
    /// Keep relative names of the layers.
    pub relative: Option<bool>,
}

impl From<CommitFlags> for domain_disk::CommitFlags {
    fn from(f: CommitFlags) -> Self {
        Self { shallow: on(f.shallow), delete: on(f.delete), active: on(f.active), relative: on(f.relative) }
    }
}

/// Sizes of a disk.
#[napi(object, object_from_js = false)]
pub struct BlockInfo {
    /// What the guest sees.
    pub capacity_bytes: f64,
    /// What is in use.
    pub allocation_bytes: f64,
    /// What it takes on the host.
    pub physical_bytes: f64,
}

impl From<domain_disk::BlockInfo> for BlockInfo {
    fn from(r: domain_disk::BlockInfo) -> Self {
        Self {
            capacity_bytes: number(r.capacity_bytes),
            allocation_bytes: number(r.allocation_bytes),
            physical_bytes: number(r.physical_bytes),
        }
    }
}

/// A job on a disk.
#[napi(object, object_from_js = false)]
pub struct BlockJob {
    /// What it does.
    #[napi(ts_type = "BlockJobType")]
    pub kind: &'static str,
    /// Limit in bytes a second; 0 is none.
    pub bandwidth_bytes: f64,
    /// How far it is, in units of its own.
    pub current: f64,
    /// Where it ends. A copy at its end follows the guest's writes and can pivot.
    pub end: f64,
}

impl From<domain_disk::BlockJob> for BlockJob {
    fn from(r: domain_disk::BlockJob) -> Self {
        Self {
            kind: r.kind,
            bandwidth_bytes: number(r.bandwidth_bytes),
            current: number(r.current),
            end: number(r.end),
        }
    }
}

calls!(domain {
    block_info, "blockInfo", (disk: String) -> BlockInfo = move |session, uuid| session.block_info(uuid, &disk);
    block_stats, "blockStats", (disk: String) -> Vec<TypedParameter> =
        move |session, uuid| session.block_stats(uuid, &disk).map(to_javascript);
    block_resize, "blockResize", (disk: String, bytes: f64) -> () = {
        let bytes = whole(bytes, "size")?;
        move |session, uuid| session.block_resize(uuid, &disk, bytes)
    };
    block_io_tune, "blockIoTune", (disk: String, affect: Affect) -> Vec<TypedParameter> =
        move |session, uuid| session.block_io_tune(uuid, &disk, affect.into()).map(to_javascript);
    set_block_io_tune, "setBlockIoTune", (disk: String, parameters: Vec<TypedParameter>, affect: Affect) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session, uuid| session.set_block_io_tune(uuid, &disk, &parameters, affect.into())
    };
    block_copy, "blockCopy", (disk: String, xml: String, parameters: Vec<TypedParameter>, flags: CopyFlags) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session, uuid| session.block_copy(uuid, &disk, &xml, &parameters, flags.into())
    };
    block_commit, "blockCommit", (
        disk: String,
        base: Option<String>,
        top: Option<String>,
        bandwidth: f64,
        flags: CommitFlags
    ) -> () = {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        move |session, uuid| session.block_commit(uuid, &disk, (base.as_deref(), top.as_deref()), bandwidth, flags.into())
    };
    block_pull, "blockPull", (disk: String, base: Option<String>, bandwidth: f64) -> () = {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        move |session, uuid| session.block_pull(uuid, &disk, base.as_deref(), bandwidth)
    };
    block_job as "Promise<BlockJob | null>", "blockJob", (disk: String) -> Option<BlockJob> =
        move |session, uuid| Ok(session.block_job(uuid, &disk)?.map(BlockJob::from));
    abort_block_job, "abortBlockJob", (disk: String, pivot: bool, no_wait: bool) -> () =
        move |session, uuid| session.abort_block_job(uuid, &disk, pivot, no_wait);
    set_block_job_speed, "setBlockJobSpeed", (disk: String, bandwidth: f64) -> () = {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        move |session, uuid| session.set_block_job_speed(uuid, &disk, bandwidth)
    };
});
