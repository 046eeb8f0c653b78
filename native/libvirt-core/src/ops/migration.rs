//! Live migration: to another daemon, directly or from daemon to daemon, with its limits and its end.

use virt_sys as sys;

use super::domain::{ObjectName, reference};
use crate::error::Result;
use crate::ffi::{Handle, arg, check, flag_word};
use crate::parameters::{List, Param};
use crate::pool::Options;
use crate::session::Session;
use crate::uuid::Uuid;

flag_word! {
    /// How a domain is migrated.
    MigrateFlags {
        /// It runs on meanwhile.
        live = VIR_MIGRATE_LIVE,
        /// The source's daemon connects to the destination's; the client may go away.
        peer_to_peer = VIR_MIGRATE_PEER2PEER,
        /// Its memory goes through the daemons' own connection; only from daemon to daemon.
        tunnelled = VIR_MIGRATE_TUNNELLED,
        /// Its definition stays at the destination.
        persist_dest = VIR_MIGRATE_PERSIST_DEST,
        /// Its definition goes at the source.
        undefine_source = VIR_MIGRATE_UNDEFINE_SOURCE,
        /// It is paused at the destination.
        paused = VIR_MIGRATE_PAUSED,
        /// Its disks are copied whole.
        copy_all_disks = VIR_MIGRATE_NON_SHARED_DISK,
        /// Its disks are copied where they differ from their backing files.
        copy_disk_differences = VIR_MIGRATE_NON_SHARED_INC,
        /// Nobody may change its definition meanwhile.
        change_protection = VIR_MIGRATE_CHANGE_PROTECTION,
        /// Though caching of its disks makes it unsafe.
        unsafe_ = VIR_MIGRATE_UNSAFE,
        /// Its definition alone; it need not run.
        offline = VIR_MIGRATE_OFFLINE,
        /// Its memory is compressed.
        compressed = VIR_MIGRATE_COMPRESSED,
        /// Given up at an error of a disk.
        abort_on_error = VIR_MIGRATE_ABORT_ON_ERROR,
        /// Its CPUs are slowed down until it converges.
        auto_converge = VIR_MIGRATE_AUTO_CONVERGE,
        /// All its memory is pinned for RDMA.
        rdma_pin_all = VIR_MIGRATE_RDMA_PIN_ALL,
        /// It may be switched to post-copy.
        postcopy = VIR_MIGRATE_POSTCOPY,
        /// Memory and disks are encrypted by TLS.
        tls = VIR_MIGRATE_TLS,
        /// Over many connections at once.
        parallel = VIR_MIGRATE_PARALLEL,
        /// Disks of other machines are written straight.
        non_shared_synchronous_writes = VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES,
        /// Goes on with a post-copy migration that failed.
        postcopy_resume = VIR_MIGRATE_POSTCOPY_RESUME,
        /// Zero copy between QEMUs.
        zero_copy = VIR_MIGRATE_ZEROCOPY,
    }
}

/// A limit of a migration that may change while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationLimit {
    /// The guest may stand still so many ms (`virDomainMigrateGetMaxDowntime`, `SetMaxDowntime`).
    DowntimeMs,
    /// MiB a second (`virDomainMigrateGetMaxSpeed`, `SetMaxSpeed`).
    SpeedMib,
    /// MiB a second after the switch to post-copy.
    PostcopySpeedMib,
    /// Bytes of the cache for compression (`virDomainMigrateGetCompressionCache`, `SetCompressionCache`).
    CompressionCacheBytes,
}

impl Session {
    /// Migrates it by this client, which connects to `uri`, and gives what it is called there (`virDomainMigrate3`).
    pub fn migrate(&mut self, uuid: Uuid, uri: &str, params: &[Param], flags: MigrateFlags) -> Result<ObjectName> {
        let list = List::of(params)?;
        let destination = Self::open(&Options::new(uri))?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain, a live connection and a list that lives.
            let raw = unsafe {
                let (dconn, count) = (destination.conn(), list.len().cast_unsigned());
                sys::virDomainMigrate3(domain, dconn, list.as_ptr(), count, flags.word())
            };
            reference(&Handle::own(raw, "virDomainMigrate3")?)
        })
    }

    /// Lets its daemon migrate it to the one at `uri` (`virDomainMigrateToURI3`).
    pub fn migrate_to_uri(&mut self, uuid: Uuid, uri: &str, params: &[Param], flags: MigrateFlags) -> Result<()> {
        let (uri, list) = (arg(uri)?, List::of(params)?);
        // SAFETY: a live domain, a NUL-terminated URI and a list that lives.
        self.domain_call(uuid, "virDomainMigrateToURI3", |domain| unsafe {
            let count = list.len().cast_unsigned();
            sys::virDomainMigrateToURI3(domain, uri.as_ptr(), list.as_ptr(), count, flags.word())
        })
        .map(drop)
    }

    /// Switches a migration to post-copy: the guest runs at the destination from now on
    /// (`virDomainMigrateStartPostCopy`).
    pub fn start_postcopy(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainMigrateStartPostCopy", |domain| unsafe {
            sys::virDomainMigrateStartPostCopy(domain, 0)
        })
        .map(drop)
    }

    /// A limit as it stands.
    pub fn migration_limit(&mut self, uuid: Uuid, limit: MigrationLimit) -> Result<u64> {
        let mut value = 0u64;
        self.with_domain(uuid, |domain| {
            let place = &raw mut value;
            // SAFETY: a live domain and a place for the answer.
            let (answer, call) = unsafe {
                match limit {
                    MigrationLimit::DowntimeMs => {
                        (sys::virDomainMigrateGetMaxDowntime(domain, place, 0), "virDomainMigrateGetMaxDowntime")
                    }
                    MigrationLimit::SpeedMib => {
                        (sys::virDomainMigrateGetMaxSpeed(domain, place, 0), "virDomainMigrateGetMaxSpeed")
                    }
                    MigrationLimit::PostcopySpeedMib => {
                        let flags = sys::VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY;
                        (sys::virDomainMigrateGetMaxSpeed(domain, place, flags), "virDomainMigrateGetMaxSpeed")
                    }
                    MigrationLimit::CompressionCacheBytes => {
                        let answer = sys::virDomainMigrateGetCompressionCache(domain, place, 0);
                        (answer, "virDomainMigrateGetCompressionCache")
                    }
                }
            };
            check(answer, call).map(drop)
        })?;
        Ok(value)
    }

    /// Sets it, also while it migrates.
    pub fn set_migration_limit(&mut self, uuid: Uuid, limit: MigrationLimit, value: u64) -> Result<()> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain.
            let (answer, call) = unsafe {
                match limit {
                    MigrationLimit::DowntimeMs => {
                        (sys::virDomainMigrateSetMaxDowntime(domain, value, 0), "virDomainMigrateSetMaxDowntime")
                    }
                    MigrationLimit::SpeedMib => {
                        (sys::virDomainMigrateSetMaxSpeed(domain, value, 0), "virDomainMigrateSetMaxSpeed")
                    }
                    MigrationLimit::PostcopySpeedMib => {
                        let flags = sys::VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY;
                        (sys::virDomainMigrateSetMaxSpeed(domain, value, flags), "virDomainMigrateSetMaxSpeed")
                    }
                    MigrationLimit::CompressionCacheBytes => {
                        let answer = sys::virDomainMigrateSetCompressionCache(domain, value, 0);
                        (answer, "virDomainMigrateSetCompressionCache")
                    }
                }
            };
            check(answer, call).map(drop)
        })
    }
}
