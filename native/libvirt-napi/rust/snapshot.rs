//! Snapshots of domains.

use libvirt_core::Session;
use libvirt_core::ops::snapshot as core;
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::{all, calls};
use crate::domain::on;

/// How a snapshot is made. Without `disk_only` that of a running domain holds its memory too.
#[napi(object)]
pub struct SnapshotFlags {
    /// Restore libvirt's record of a snapshot that is there already.
    pub redefine: Option<bool>,
    /// With `redefine`: it becomes the current one.
    pub current: Option<bool>,
    /// libvirt keeps no record of it.
    pub no_metadata: Option<bool>,
    /// Stop the domain afterwards.
    pub halt: Option<bool>,
    /// Disks only, not memory.
    pub disk_only: Option<bool>,
    /// External files are there already.
    pub reuse_external: Option<bool>,
    /// Freeze the guest's file systems meanwhile (guest agent, disk-only).
    pub quiesce: Option<bool>,
    /// All disks or none.
    pub atomic: Option<bool>,
    /// The guest runs while its memory is saved (external).
    pub live: Option<bool>,
    /// Check the XML against the schema.
    pub validate: Option<bool>,
}

impl From<SnapshotFlags> for core::SnapshotFlags {
    fn from(f: SnapshotFlags) -> Self {
        Self {
            redefine: on(f.redefine),
            current: on(f.current),
            no_metadata: on(f.no_metadata),
            halt: on(f.halt),
            disk_only: on(f.disk_only),
            reuse_external: on(f.reuse_external),
            quiesce: on(f.quiesce),
            atomic: on(f.atomic),
            live: on(f.live),
            validate: on(f.validate),
        }
    }
}

/// How a domain goes back to a snapshot.
#[napi(object)]
pub struct RevertFlags {
    /// It runs afterwards.
    pub running: Option<bool>,
    /// It is paused afterwards.
    pub paused: Option<bool>,
    /// Even when libvirt calls it risky (`SNAPSHOT_REVERT_RISKY`).
    pub force: Option<bool>,
    /// NVRAM starts anew from its template.
    pub reset_nvram: Option<bool>,
}

impl From<RevertFlags> for core::RevertFlags {
    fn from(f: RevertFlags) -> Self {
        Self { running: on(f.running), paused: on(f.paused), force: on(f.force), reset_nvram: on(f.reset_nvram) }
    }
}

/// What goes with a deleted snapshot.
#[napi(object)]
pub struct SnapshotDeleteFlags {
    /// Its descendants too.
    pub children: Option<bool>,
    /// Its descendants, but not itself.
    pub children_only: Option<bool>,
    /// libvirt's record only: the data stay.
    pub metadata_only: Option<bool>,
}

impl From<SnapshotDeleteFlags> for core::SnapshotDeleteFlags {
    fn from(f: SnapshotDeleteFlags) -> Self {
        Self { children: on(f.children), children_only: on(f.children_only), metadata_only: on(f.metadata_only) }
    }
}

/// A snapshot.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SnapshotRecord {
    /// Its name within the domain.
    pub name: String,
    /// The one it was made on top of, null for a root.
    pub parent: Option<String>,
    /// Whether the domain stands on it.
    pub current: bool,
    /// Whether libvirt keeps a record of it.
    pub has_metadata: bool,
    /// The state the domain was in.
    #[napi(ts_type = "SnapshotState")]
    pub state: String,
    /// Seconds since 1970.
    pub created_at: f64,
}

impl From<core::SnapshotRecord> for SnapshotRecord {
    fn from(r: core::SnapshotRecord) -> Self {
        Self {
            name: r.name,
            parent: r.parent,
            current: r.current,
            has_metadata: r.has_metadata,
            state: r.state,
            created_at: number(r.created_at),
        }
    }
}

calls!(domain {
    create_snapshot, "createSnapshot", (xml: String, flags: SnapshotFlags) -> String =
        move |session, uuid| session.create_snapshot(uuid, &xml, flags.into());
    list_snapshots, "listSnapshots", () -> Vec<SnapshotRecord> =
        move |session, uuid| session.list_snapshots(uuid).map(all);
    find_snapshot, "findSnapshot", (name: String) -> SnapshotRecord =
        move |session, uuid| session.find_snapshot(uuid, &name);
    current_snapshot as "Promise<string | null>", "currentSnapshot", () -> Option<String> = Session::current_snapshot;
    revert_to_snapshot, "revertToSnapshot", (name: String, flags: RevertFlags) -> () =
        move |session, uuid| session.revert_to_snapshot(uuid, &name, flags.into());
    delete_snapshot, "deleteSnapshot", (name: String, flags: SnapshotDeleteFlags) -> () =
        move |session, uuid| session.delete_snapshot(uuid, &name, flags.into());
    snapshot_xml, "snapshotXml", (name: String, secure: bool) -> String =
        move |session, uuid| session.snapshot_xml(uuid, &name, secure);
});
