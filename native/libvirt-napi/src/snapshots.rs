//! Snapshots, checkpoints and backups of domains.

use libvirt_core::Session;
use libvirt_core::ops::{checkpoint, snapshot};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
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

impl From<SnapshotFlags> for snapshot::SnapshotFlags {
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

impl From<RevertFlags> for snapshot::RevertFlags {
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

impl From<SnapshotDeleteFlags> for snapshot::SnapshotDeleteFlags {
    fn from(f: SnapshotDeleteFlags) -> Self {
        Self { children: on(f.children), children_only: on(f.children_only), metadata_only: on(f.metadata_only) }
    }
}

/// How a checkpoint is made.
#[napi(object)]
pub struct CheckpointFlags {
    /// Restore libvirt's record of a checkpoint that is there already.
    pub redefine: Option<bool>,
    /// Freeze the guest's file systems meanwhile (guest agent).
    pub quiesce: Option<bool>,
    /// With `redefine`: check the bitmaps on the disks.
    pub redefine_validate: Option<bool>,
}

impl From<CheckpointFlags> for checkpoint::CheckpointFlags {
    fn from(f: CheckpointFlags) -> Self {
        Self { redefine: on(f.redefine), quiesce: on(f.quiesce), redefine_validate: on(f.redefine_validate) }
    }
}

/// What goes with a deleted checkpoint.
#[napi(object)]
pub struct CheckpointDeleteFlags {
    /// Its descendants too.
    pub children: Option<bool>,
    /// Its descendants, but not itself.
    pub children_only: Option<bool>,
    /// libvirt's record only: the bitmaps stay.
    pub metadata_only: Option<bool>,
}

impl From<CheckpointDeleteFlags> for checkpoint::CheckpointDeleteFlags {
    fn from(f: CheckpointDeleteFlags) -> Self {
        Self { children: on(f.children), children_only: on(f.children_only), metadata_only: on(f.metadata_only) }
    }
}

/// What is in a checkpoint's XML.
#[napi(object)]
pub struct CheckpointXmlFlags {
    /// With passwords.
    pub secure: Option<bool>,
    /// Without the domain's definition.
    pub no_domain: Option<bool>,
    /// With the bytes that changed since, per disk (running domains).
    pub size: Option<bool>,
}

impl From<CheckpointXmlFlags> for checkpoint::CheckpointXmlFlags {
    fn from(f: CheckpointXmlFlags) -> Self {
        Self { secure: on(f.secure), no_domain: on(f.no_domain), size: on(f.size) }
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

impl From<snapshot::SnapshotRecord> for SnapshotRecord {
    fn from(r: snapshot::SnapshotRecord) -> Self {
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

/// A checkpoint.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct CheckpointRecord {
    /// Its name within the domain.
    pub name: String,
    /// The one before it, null for the first.
    pub parent: Option<String>,
    /// Seconds since 1970.
    pub created_at: f64,
}

impl From<checkpoint::CheckpointRecord> for CheckpointRecord {
    fn from(r: checkpoint::CheckpointRecord) -> Self {
        Self { name: r.name, parent: r.parent, created_at: number(r.created_at) }
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn create_snapshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        xml: String,
        flags: SnapshotFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "createSnapshot", uuid, (timeout_ms, token), move |session, uuid| {
            session.create_snapshot(uuid, &xml, flags.into())
        })
    }

    #[napi]
    pub fn list_snapshots<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<SnapshotRecord>>> {
        self.domain(env, "listSnapshots", uuid, (timeout_ms, token), move |session, uuid| {
            Ok(session.list_snapshots(uuid)?.into_iter().map(SnapshotRecord::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn find_snapshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, SnapshotRecord>> {
        self.domain(env, "findSnapshot", uuid, (timeout_ms, token), move |session, uuid| {
            session.find_snapshot(uuid, &name)
        })
    }

    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn current_snapshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Option<String>>> {
        self.domain(env, "currentSnapshot", uuid, (timeout_ms, token), Session::current_snapshot)
    }

    #[napi]
    pub fn revert_to_snapshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        flags: RevertFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "revertToSnapshot", uuid, (timeout_ms, token), move |session, uuid| {
            session.revert_to_snapshot(uuid, &name, flags.into())
        })
    }

    #[napi]
    pub fn delete_snapshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        flags: SnapshotDeleteFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "deleteSnapshot", uuid, (timeout_ms, token), move |session, uuid| {
            session.delete_snapshot(uuid, &name, flags.into())
        })
    }

    #[napi]
    pub fn snapshot_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        secure: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "snapshotXml", uuid, (timeout_ms, token), move |session, uuid| {
            session.snapshot_xml(uuid, &name, secure)
        })
    }

    #[napi]
    pub fn create_checkpoint<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        xml: String,
        flags: CheckpointFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "createCheckpoint", uuid, (timeout_ms, token), move |session, uuid| {
            session.create_checkpoint(uuid, &xml, flags.into())
        })
    }

    #[napi]
    pub fn list_checkpoints<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<CheckpointRecord>>> {
        self.domain(env, "listCheckpoints", uuid, (timeout_ms, token), move |session, uuid| {
            Ok(session.list_checkpoints(uuid)?.into_iter().map(CheckpointRecord::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn delete_checkpoint<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        flags: CheckpointDeleteFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "deleteCheckpoint", uuid, (timeout_ms, token), move |session, uuid| {
            session.delete_checkpoint(uuid, &name, flags.into())
        })
    }

    #[napi]
    pub fn checkpoint_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        flags: CheckpointXmlFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "checkpointXml", uuid, (timeout_ms, token), move |session, uuid| {
            session.checkpoint_xml(uuid, &name, flags.into())
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn begin_backup<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        xml: String,
        #[napi(ts_arg_type = "string | null")] checkpoint_xml: Option<String>,
        reuse_external: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "beginBackup", uuid, (timeout_ms, token), move |session, uuid| {
            session.begin_backup(uuid, &xml, checkpoint_xml.as_deref(), reuse_external)
        })
    }

    #[napi]
    pub fn backup_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "backupXml", uuid, (timeout_ms, token), Session::backup_xml)
    }
}
