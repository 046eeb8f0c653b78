//! Live migration.

use libvirt_core::ops::migration::{self, MigrationLimit};
use libvirt_core::{Session, Uuid};
use napi::Result;

use crate::bridge::refused;
use crate::connection::{NativeConnection, number};
use crate::declare::{calls, flags};
use crate::domain::ObjectName;
use crate::number::whole;
use crate::parameters::{TypedParameter, from_javascript};

flags! {
    /// How a domain is migrated.
    MigrateFlags as migration::MigrateFlags {
        /// It runs on meanwhile.
        live,
        /// The source's daemon connects to the destination's; the client may go away.
        peer_to_peer,
        /// Its memory goes through the daemons' own connection; only from daemon to daemon.
        tunnelled,
        /// Its definition stays at the destination.
        persist_dest,
        /// Its definition goes at the source.
        undefine_source,
        /// It is paused at the destination.
        paused,
        /// Its disks are copied whole.
        copy_all_disks,
        /// Its disks are copied where they differ from their backing files.
        copy_disk_differences,
        /// Nobody may change its definition meanwhile.
        change_protection,
        /// Though caching of its disks makes it unsafe.
        unsafe_,
        /// Its definition alone; it need not run.
        offline,
        /// Its memory is compressed.
        compressed,
        /// Given up at an error of a disk.
        abort_on_error,
        /// Its CPUs are slowed down until it converges.
        auto_converge,
        /// All its memory is pinned for RDMA.
        rdma_pin_all,
        /// It may be switched to post-copy.
        postcopy,
        /// Memory and disks are encrypted by TLS.
        tls,
        /// Over many connections at once.
        parallel,
        /// Disks of other machines are written straight.
        non_shared_synchronous_writes,
        /// Goes on with a post-copy migration that failed.
        postcopy_resume,
        /// Zero copy between QEMUs.
        zero_copy,
    }
}

calls!(domain {
    migrate_domain, "migrateDomain", (
        uri: String,
        parameters: Vec<TypedParameter>,
        flags: MigrateFlags
    ) -> ObjectName = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.migrate(uuid, &uri, &parameters, flags.into())
    };
    migrate_domain_to_uri, "migrateDomain", (
        uri: String,
        parameters: Vec<TypedParameter>,
        flags: MigrateFlags
    ) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.migrate_to_uri(uuid, &uri, &parameters, flags.into())
    };
    start_postcopy, "startPostcopy", () -> () = Session::start_postcopy;
    migration_limit, "migrationLimit", (limit: String) -> f64 = {
        let limit = limit_of(&limit)?;
        move |session: &mut Session, uuid: Uuid| session.migration_limit(uuid, limit).map(number)
    };
    set_migration_limit, "setMigrationLimit", (limit: String, value: f64) -> () = {
        let (limit, value) = (limit_of(&limit)?, whole(value, &limit)?);
        move |session: &mut Session, uuid: Uuid| session.set_migration_limit(uuid, limit, value)
    };
});

fn limit_of(limit: &str) -> Result<MigrationLimit> {
    match limit {
        "downtimeMs" => Ok(MigrationLimit::DowntimeMs),
        "speedMib" => Ok(MigrationLimit::SpeedMib),
        "postcopySpeedMib" => Ok(MigrationLimit::PostcopySpeedMib),
        "compressionCacheBytes" => Ok(MigrationLimit::CompressionCacheBytes),
        _ => Err(refused("a migration is limited by downtimeMs, speedMib, postcopySpeedMib or compressionCacheBytes")),
    }
}
