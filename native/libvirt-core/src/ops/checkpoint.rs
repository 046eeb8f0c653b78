//! Checkpoints of a domain's disks, and backups, which go from checkpoint to checkpoint.

use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, flag_word, list, optional_arg, pointer, still_there, taken};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::xml;

flag_word! {
    /// How a checkpoint is made.
    CheckpointFlags {
        /// Restore libvirt's record of a checkpoint that is there already.
        redefine = VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE,
        /// Freeze the guest's file systems meanwhile (guest agent).
        quiesce = VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE,
        /// With `redefine`: check the bitmaps on the disks.
        redefine_validate = VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE,
    }
}

flag_word! {
    /// What goes with a deleted checkpoint.
    CheckpointDeleteFlags {
        /// Its descendants too.
        children = VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN,
        /// Its descendants, but not itself.
        children_only = VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY,
        /// libvirt's record only: the bitmaps stay.
        metadata_only = VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY,
    }
}

flag_word! {
    /// What is in a checkpoint's XML.
    CheckpointXmlFlags {
        /// With passwords.
        secure = VIR_DOMAIN_CHECKPOINT_XML_SECURE,
        /// Without the domain's definition.
        no_domain = VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN,
        /// With the bytes that changed since, per disk (running domains).
        size = VIR_DOMAIN_CHECKPOINT_XML_SIZE,
    }
}

/// A checkpoint in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRecord {
    /// Its name within the domain.
    pub name: String,
    /// The one before it.
    pub parent: Option<String>,
    /// Seconds since 1970.
    pub created_at: u64,
}

impl Session {
    fn with_checkpoint<R>(
        &mut self,
        uuid: Uuid,
        name: &str,
        act: impl FnOnce(*mut sys::virDomainCheckpoint) -> Result<R>,
    ) -> Result<R> {
        let text = arg(name)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a NUL-terminated name.
            let raw = unsafe { sys::virDomainCheckpointLookupByName(domain, text.as_ptr(), 0) };
            Handle::own(raw, "virDomainCheckpointLookupByName")
                .and_then(|checkpoint| act(checkpoint.as_ptr()))
                .map_err(|error| error.about(name))
        })
    }

    /// Makes a checkpoint of a running domain's disks and gives its name (`virDomainCheckpointCreateXML`).
    pub fn create_checkpoint(&mut self, uuid: Uuid, xml: &str, flags: CheckpointFlags) -> Result<String> {
        let text = arg(xml)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and NUL-terminated XML.
            let raw = unsafe { sys::virDomainCheckpointCreateXML(domain, text.as_ptr(), flags.word()) };
            name_of(Handle::own(raw, "virDomainCheckpointCreateXML")?.as_ptr())
        })
    }

    /// All checkpoints of a domain, parents before children (`virDomainListAllCheckpoints`).
    pub fn list_checkpoints(&mut self, uuid: Uuid) -> Result<Vec<CheckpointRecord>> {
        let flags = bits(&[(true, sys::VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL)]);
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain; `list` owns the array.
            let found = list("virDomainListAllCheckpoints", |array| unsafe {
                sys::virDomainListAllCheckpoints(domain, array, flags)
            })?;
            still_there(&found, Code::NoDomainCheckpoint, |checkpoint| record(checkpoint.as_ptr()))
        })
    }

    /// Deletes a checkpoint (`virDomainCheckpointDelete`).
    pub fn delete_checkpoint(&mut self, uuid: Uuid, name: &str, flags: CheckpointDeleteFlags) -> Result<()> {
        self.with_checkpoint(uuid, name, |checkpoint| {
            // SAFETY: a live checkpoint.
            check(unsafe { sys::virDomainCheckpointDelete(checkpoint, flags.word()) }, "virDomainCheckpointDelete")
                .map(drop)
        })
    }

    /// The checkpoint as XML (`virDomainCheckpointGetXMLDesc`).
    pub fn checkpoint_xml(&mut self, uuid: Uuid, name: &str, flags: CheckpointXmlFlags) -> Result<String> {
        // SAFETY: a live checkpoint; the answer is ours to free.
        self.with_checkpoint(uuid, name, |checkpoint| unsafe {
            taken(sys::virDomainCheckpointGetXMLDesc(checkpoint, flags.word()), "virDomainCheckpointGetXMLDesc")
        })
    }

    /// Begins a backup of a running domain's disks (`virDomainBackupBegin`), with a checkpoint made at the same moment.
    /// A push backup ends by itself, a pull backup by aborting the job.
    pub fn begin_backup(
        &mut self,
        uuid: Uuid,
        xml: &str,
        checkpoint: Option<&str>,
        reuse_external: bool,
    ) -> Result<()> {
        let (backup, checkpoint_text) = (arg(xml)?, optional_arg(checkpoint)?);
        let flags = bits(&[(reuse_external, sys::VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL)]);
        let checkpoint = pointer(checkpoint_text.as_ref());
        // SAFETY: a live domain, each text null or NUL-terminated.
        self.domain_call(uuid, "virDomainBackupBegin", |domain| unsafe {
            sys::virDomainBackupBegin(domain, backup.as_ptr(), checkpoint, flags)
        })
        .map(drop)
    }

    /// The backup that runs, as XML with what libvirt filled in (`virDomainBackupGetXMLDesc`).
    pub fn backup_xml(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live domain; the answer is ours to free.
        self.with_domain(uuid, |domain| unsafe {
            taken(sys::virDomainBackupGetXMLDesc(domain, 0), "virDomainBackupGetXMLDesc")
        })
    }
}

fn name_of(checkpoint: *mut sys::virDomainCheckpoint) -> Result<String> {
    // SAFETY: a live checkpoint, which keeps its name.
    unsafe { borrowed(sys::virDomainCheckpointGetName(checkpoint)) }
        .ok_or_else(|| Error::last("virDomainCheckpointGetName"))
}

fn record(checkpoint: *mut sys::virDomainCheckpoint) -> Result<CheckpointRecord> {
    let flags = bits(&[(true, sys::VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN)]);
    // SAFETY: a live checkpoint; what is owned is taken.
    let (text, parent) = unsafe {
        (
            taken(sys::virDomainCheckpointGetXMLDesc(checkpoint, flags), "virDomainCheckpointGetXMLDesc")?,
            Handle::own(sys::virDomainCheckpointGetParent(checkpoint, 0), "virDomainCheckpointGetParent"),
        )
    };
    let parent = match parent {
        Ok(parent) => Some(name_of(parent.as_ptr())?),
        Err(error) if error.code == Code::NoDomainCheckpoint => None,
        Err(error) => return Err(error),
    };
    let created_at = xml::element(&text, "creationTime").and_then(|t| t.parse().ok()).unwrap_or(0);
    Ok(CheckpointRecord { name: name_of(checkpoint)?, parent, created_at })
}
