//! Domains: one disk and the jobs on it.

use libvirt_core::ops::domain_disk;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::domain::{Affect, on};
use crate::domain_changes::whole;
use crate::params::{TypedParameter, taken, told};

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

#[napi]
impl NativeConnection {
    #[napi]
    pub fn block_info<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, BlockInfo>> {
        self.domain(env, "blockInfo", uuid, (timeout_ms, token), move |session, uuid| session.block_info(uuid, &disk))
    }

    #[napi]
    pub fn block_stats<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.domain(env, "blockStats", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_stats(uuid, &disk).map(told)
        })
    }

    #[napi]
    pub fn block_resize<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        bytes: f64,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let bytes = whole(bytes, "size")?;
        self.domain(env, "blockResize", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_resize(uuid, &disk, bytes)
        })
    }

    #[napi]
    pub fn block_io_tune<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.domain(env, "blockIoTune", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_io_tune(uuid, &disk, affect.into()).map(told)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn set_block_io_tune<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        parameters: Vec<TypedParameter>,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let parameters = taken(parameters)?;
        self.domain(env, "setBlockIoTune", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_block_io_tune(uuid, &disk, &parameters, affect.into())
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn block_copy<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        xml: String,
        parameters: Vec<TypedParameter>,
        flags: CopyFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let parameters = taken(parameters)?;
        self.domain(env, "blockCopy", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_copy(uuid, &disk, &xml, &parameters, flags.into())
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn block_commit<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        #[napi(ts_arg_type = "string | null")] base: Option<String>,
        #[napi(ts_arg_type = "string | null")] top: Option<String>,
        bandwidth: f64,
        flags: CommitFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        self.domain(env, "blockCommit", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_commit(uuid, &disk, (base.as_deref(), top.as_deref()), bandwidth, flags.into())
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn block_pull<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        #[napi(ts_arg_type = "string | null")] base: Option<String>,
        bandwidth: f64,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        self.domain(env, "blockPull", uuid, (timeout_ms, token), move |session, uuid| {
            session.block_pull(uuid, &disk, base.as_deref(), bandwidth)
        })
    }

    #[napi(ts_return_type = "Promise<BlockJob | null>")]
    pub fn block_job<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Option<BlockJob>>> {
        self.domain(env, "blockJob", uuid, (timeout_ms, token), move |session, uuid| {
            Ok(session.block_job(uuid, &disk)?.map(BlockJob::from))
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn abort_block_job<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        pivot: bool,
        no_wait: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "abortBlockJob", uuid, (timeout_ms, token), move |session, uuid| {
            session.abort_block_job(uuid, &disk, pivot, no_wait)
        })
    }

    #[napi]
    pub fn set_block_job_speed<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        disk: String,
        bandwidth: f64,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let bandwidth = whole(bandwidth, "bandwidth")?;
        self.domain(env, "setBlockJobSpeed", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_block_job_speed(uuid, &disk, bandwidth)
        })
    }
}
