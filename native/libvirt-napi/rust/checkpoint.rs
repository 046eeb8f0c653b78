//! Checkpoints of domains, and the backups that are taken since one.

use libvirt_core::Session;
use libvirt_core::ops::checkpoint as core;
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::declare::{all, calls};
use crate::domain::on;

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

impl From<CheckpointFlags> for core::CheckpointFlags {
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

impl From<CheckpointDeleteFlags> for core::CheckpointDeleteFlags {
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

impl From<CheckpointXmlFlags> for core::CheckpointXmlFlags {
    fn from(f: CheckpointXmlFlags) -> Self {
        Self { secure: on(f.secure), no_domain: on(f.no_domain), size: on(f.size) }
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

impl From<core::CheckpointRecord> for CheckpointRecord {
    fn from(r: core::CheckpointRecord) -> Self {
        Self { name: r.name, parent: r.parent, created_at: number(r.created_at) }
    }
}

calls!(domain {
    create_checkpoint, "createCheckpoint", (xml: String, flags: CheckpointFlags) -> String =
        move |session, uuid| session.create_checkpoint(uuid, &xml, flags.into());
    list_checkpoints, "listCheckpoints", () -> Vec<CheckpointRecord> =
        move |session, uuid| session.list_checkpoints(uuid).map(all);
    delete_checkpoint, "deleteCheckpoint", (name: String, flags: CheckpointDeleteFlags) -> () =
        move |session, uuid| session.delete_checkpoint(uuid, &name, flags.into());
    checkpoint_xml, "checkpointXml", (name: String, flags: CheckpointXmlFlags) -> String =
        move |session, uuid| session.checkpoint_xml(uuid, &name, flags.into());
    begin_backup, "beginBackup", (xml: String, checkpoint_xml: Option<String>, reuse_external: bool) -> () =
        move |session, uuid| session.begin_backup(uuid, &xml, checkpoint_xml.as_deref(), reuse_external);
    backup_xml, "backupXml", () -> String = Session::backup_xml;
});
