//! Domains: their memory on disk, transient creation, renaming, sleep, and jobs on the whole domain.

use virt_sys as sys;

use super::domain::{ObjectName, reference};
use super::domain_lifecycle::StartFlags;
use crate::error::Result;
use crate::ffi::{Handle, arg, bits, check, flag_word, optional_arg, pointer};
use crate::parameters::{self, Param};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{JOB_TYPES, word};

flag_word! {
    /// How a domain's memory is saved, and in which state it comes back; as it was when neither is set.
    SaveFlags {
        /// Past the page cache.
        bypass_cache = VIR_DOMAIN_SAVE_BYPASS_CACHE,
        /// It comes back running.
        running = VIR_DOMAIN_SAVE_RUNNING,
        /// It comes back paused.
        paused = VIR_DOMAIN_SAVE_PAUSED,
    }
}

/// How long a domain sleeps, and where its memory is meanwhile (`virNodeSuspendTarget`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SleepTarget {
    /// Suspend to memory (S3).
    Memory,
    /// Suspend to disk (S4).
    Disk,
    /// Both.
    Hybrid,
}

impl SleepTarget {
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Memory => sys::VIR_NODE_SUSPEND_TARGET_MEM,
            Self::Disk => sys::VIR_NODE_SUSPEND_TARGET_DISK,
            Self::Hybrid => sys::VIR_NODE_SUSPEND_TARGET_HYBRID,
        }
    }
}

/// A job on a whole domain: migration, save, backup, dump.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStats {
    /// A word of [`JOB_TYPES`].
    pub kind: &'static str,
    /// What libvirt tells of it, e.g. `data_processed`.
    pub params: Vec<Param>,
}

impl Session {
    /// Saves memory where libvirt chooses and stops the domain; its next start restores it (`virDomainManagedSave`).
    pub fn managed_save(&mut self, uuid: Uuid, flags: SaveFlags) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainManagedSave", |domain| unsafe {
            sys::virDomainManagedSave(domain, flags.word())
        })
        .map(drop)
    }

    /// Whether there is a managed save (`virDomainHasManagedSaveImage`).
    pub fn has_managed_save(&mut self, uuid: Uuid) -> Result<bool> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainHasManagedSaveImage", |domain| unsafe {
            sys::virDomainHasManagedSaveImage(domain, 0)
        })
        .map(|answer| answer == 1)
    }

    /// Throws the managed save away (`virDomainManagedSaveRemove`).
    pub fn remove_managed_save(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainManagedSaveRemove", |domain| unsafe {
            sys::virDomainManagedSaveRemove(domain, 0)
        })
        .map(drop)
    }

    /// Saves memory into a file of the host and stops the domain (`virDomainSaveFlags`).
    pub fn save_domain(&mut self, uuid: Uuid, path: &str, xml: Option<&str>, flags: SaveFlags) -> Result<()> {
        let (path, xml) = (arg(path)?, optional_arg(xml)?);
        // SAFETY: a live domain, texts null or NUL-terminated.
        self.domain_call(uuid, "virDomainSaveFlags", |domain| unsafe {
            sys::virDomainSaveFlags(domain, path.as_ptr(), pointer(xml.as_ref()), flags.word())
        })
        .map(drop)
    }

    /// Starts a domain from such a file (`virDomainRestoreFlags`).
    pub fn restore_domain(&mut self, path: &str, xml: Option<&str>, flags: SaveFlags) -> Result<()> {
        let (file, xml) = (arg(path)?, optional_arg(xml)?);
        // SAFETY: a live connection, texts null or NUL-terminated.
        let answer =
            unsafe { sys::virDomainRestoreFlags(self.conn(), file.as_ptr(), pointer(xml.as_ref()), flags.word()) };
        check(answer, "virDomainRestoreFlags").map(drop).map_err(|error| error.about(path))
    }

    /// Starts a transient domain: its definition ends with it (`virDomainCreateXML`).
    pub fn create_domain(&mut self, xml: &str, flags: StartFlags) -> Result<ObjectName> {
        let text = arg(xml)?;
        if flags.auto_destroy {
            self.hold_guest();
        }
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virDomainCreateXML(self.conn(), text.as_ptr(), flags.word()) };
        reference(&Handle::own(raw, "virDomainCreateXML")?)
    }

    /// Renames a domain that is off (`virDomainRename`).
    pub fn rename_domain(&mut self, uuid: Uuid, name: &str) -> Result<()> {
        let text = arg(name)?;
        // SAFETY: a live domain and a NUL-terminated name.
        self.domain_call(uuid, "virDomainRename", |domain| unsafe { sys::virDomainRename(domain, text.as_ptr(), 0) })?;
        // The handle remembers the old name, by which some drivers find the domain.
        self.domains.forget(uuid);
        Ok(())
    }

    /// Asks the guest agent to let the guest sleep (`virDomainPMSuspendForDuration`, duration 0: for ever).
    pub fn pm_suspend_domain(&mut self, uuid: Uuid, target: SleepTarget) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainPMSuspendForDuration", |domain| unsafe {
            sys::virDomainPMSuspendForDuration(domain, target.number(), 0, 0)
        })
        .map(drop)
    }

    /// Wakes a guest that sleeps (`virDomainPMWakeup`).
    pub fn pm_wake_up_domain(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainPMWakeup", |domain| unsafe { sys::virDomainPMWakeup(domain, 0) }).map(drop)
    }

    /// The job that runs on a domain, or the last that ended (`virDomainGetJobStats`).
    pub fn job_stats(&mut self, uuid: Uuid, completed: bool) -> Result<JobStats> {
        let flags = bits(&[
            (completed, sys::VIR_DOMAIN_JOB_STATS_COMPLETED),
            // Reading it twice gives it twice.
            (completed, sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED),
        ]);
        let mut kind = 0;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and places for the answers.
            let params = parameters::allocated("virDomainGetJobStats", |params, count| unsafe {
                sys::virDomainGetJobStats(domain, &raw mut kind, params, count, flags)
            })?;
            Ok(JobStats { kind: word(JOB_TYPES, kind), params })
        })
    }

    /// Ends the job that runs on a domain; a backup too. `postcopy` also ends a migration that can only go on
    /// (`virDomainAbortJobFlags`).
    pub fn abort_job(&mut self, uuid: Uuid, postcopy: bool) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainAbortJob", |domain| unsafe {
            // An older daemon knows only the plain one.
            if postcopy {
                sys::virDomainAbortJobFlags(domain, sys::VIR_DOMAIN_ABORT_JOB_POSTCOPY)
            } else {
                sys::virDomainAbortJob(domain)
            }
        })
        .map(drop)
    }
}
