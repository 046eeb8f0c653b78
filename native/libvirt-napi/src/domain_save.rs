//! Domains: saving their memory, transient creation, sleep and jobs.

use libvirt_core::Session;
use libvirt_core::ops::domain_save::{self, SleepTarget};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::domain::on;
use crate::domain_changes::StartFlags;
use crate::domain_records::ObjectName;
use crate::params::{TypedParameter, told};

/// How a domain's memory is saved, and in which state it comes back; as it was when neither is set.
#[napi(object)]
pub struct SaveFlags {
    /// Past the page cache.
    pub bypass_cache: Option<bool>,
    /// It comes back running.
    pub running: Option<bool>,
    /// It comes back paused.
    pub paused: Option<bool>,
}

impl From<SaveFlags> for domain_save::SaveFlags {
    fn from(f: SaveFlags) -> Self {
        Self { bypass_cache: on(f.bypass_cache), running: on(f.running), paused: on(f.paused) }
    }
}

/// A job on a whole domain.
#[napi(object, object_from_js = false)]
pub struct NativeJobStats {
    #[napi(ts_type = "JobType")]
    pub kind: &'static str,
    pub parameters: Vec<TypedParameter>,
}

impl From<domain_save::JobStats> for NativeJobStats {
    fn from(j: domain_save::JobStats) -> Self {
        Self { kind: j.kind, parameters: told(j.params) }
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn managed_save<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: SaveFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "managedSave", uuid, (timeout_ms, token), move |session, uuid| {
            session.managed_save(uuid, flags.into())
        })
    }

    #[napi]
    pub fn has_managed_save<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, bool>> {
        self.domain(env, "hasManagedSave", uuid, (timeout_ms, token), Session::has_managed_save)
    }

    #[napi]
    pub fn remove_managed_save<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "removeManagedSave", uuid, (timeout_ms, token), Session::remove_managed_save)
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn save_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        path: String,
        #[napi(ts_arg_type = "string | null")] xml: Option<String>,
        flags: SaveFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "saveDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.save_domain(uuid, &path, xml.as_deref(), flags.into())
        })
    }

    #[napi]
    pub fn restore_domain<'env>(
        &self,
        env: &'env Env,
        path: String,
        #[napi(ts_arg_type = "string | null")] xml: Option<String>,
        flags: SaveFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.host(env, "restoreDomain", (timeout_ms, token), move |session| {
            session.restore_domain(&path, xml.as_deref(), flags.into())
        })
    }

    #[napi]
    pub fn create_domain<'env>(
        &self,
        env: &'env Env,
        xml: String,
        flags: StartFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "createDomain", (timeout_ms, token), move |session| session.create_domain(&xml, flags.into()))
    }

    #[napi]
    pub fn rename_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "renameDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.rename_domain(uuid, &name)
        })
    }

    #[napi]
    pub fn pm_suspend_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "'memory' | 'disk' | 'hybrid'")] target: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let target = sleep_target(&target)?;
        self.domain(env, "pmSuspendDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.pm_suspend_domain(uuid, target)
        })
    }

    #[napi]
    pub fn pm_wake_up_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "pmWakeUpDomain", uuid, (timeout_ms, token), Session::pm_wake_up_domain)
    }

    #[napi]
    pub fn job_stats<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        completed: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, NativeJobStats>> {
        self.domain(env, "jobStats", uuid, (timeout_ms, token), move |session, uuid| session.job_stats(uuid, completed))
    }
}

calls!(domain {
    abort_job, "abortJob", (postcopy: bool) -> () = move |session: &mut Session, uuid| session.abort_job(uuid, postcopy);
});

pub(crate) fn sleep_target(target: &str) -> Result<SleepTarget> {
    match target {
        "memory" => Ok(SleepTarget::Memory),
        "disk" => Ok(SleepTarget::Disk),
        "hybrid" => Ok(SleepTarget::Hybrid),
        _ => Err(refused("sleep is in memory, disk or hybrid")),
    }
}
