//! Domains: saving their memory, transient creation, sleep and jobs.

use libvirt_core::Session;
use libvirt_core::ops::domain_save::{self, SleepTarget};
use napi::Result;
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::domain::ObjectName;
use crate::domain::on;
use crate::domain_lifecycle::StartFlags;
use crate::parameters::{TypedParameter, to_javascript};

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
        Self { kind: j.kind, parameters: to_javascript(j.params) }
    }
}

calls!(host {
    restore_domain, "restoreDomain", (path: String, xml: Option<String>, flags: SaveFlags) -> () =
        move |session| session.restore_domain(&path, xml.as_deref(), flags.into());
    create_domain, "createDomain", (xml: String, flags: StartFlags) -> ObjectName =
        move |session| session.create_domain(&xml, flags.into());
});

calls!(domain {
    managed_save, "managedSave", (flags: SaveFlags) -> () =
        move |session, uuid| session.managed_save(uuid, flags.into());
    has_managed_save, "hasManagedSave", () -> bool = Session::has_managed_save;
    remove_managed_save, "removeManagedSave", () -> () = Session::remove_managed_save;
    save_domain, "saveDomain", (path: String, xml: Option<String>, flags: SaveFlags) -> () =
        move |session, uuid| session.save_domain(uuid, &path, xml.as_deref(), flags.into());
    rename_domain, "renameDomain", (name: String) -> () = move |session, uuid| session.rename_domain(uuid, &name);
    pm_suspend_domain, "pmSuspendDomain", (
        #[napi(ts_arg_type = "'memory' | 'disk' | 'hybrid'")] target: String
    ) -> () = {
        let target = sleep_target(&target)?;
        move |session, uuid| session.pm_suspend_domain(uuid, target)
    };
    pm_wake_up_domain, "pmWakeUpDomain", () -> () = Session::pm_wake_up_domain;
    job_stats, "jobStats", (completed: bool) -> NativeJobStats =
        move |session, uuid| session.job_stats(uuid, completed);
});

calls!(domain {
    abort_job, "abortJob", (
        postcopy: bool
    ) -> () = move |session: &mut Session, uuid| session.abort_job(uuid, postcopy);
});

pub(crate) fn sleep_target(target: &str) -> Result<SleepTarget> {
    match target {
        "memory" => Ok(SleepTarget::Memory),
        "disk" => Ok(SleepTarget::Disk),
        "hybrid" => Ok(SleepTarget::Hybrid),
        _ => Err(refused("sleep is in memory, disk or hybrid")),
    }
}
