//! Snapshots of a domain, addressed by domain and name.

use libc::c_int;
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, flag_word, list, still_there, taken};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::xml;

flag_word! {
    /// How a snapshot is made. Without `disk_only` that of a running domain holds its memory too.
    SnapshotFlags {
        /// Restore libvirt's record of a snapshot that is there already.
        redefine = VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
        /// With `redefine`: it becomes the current one.
        current = VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
        /// libvirt keeps no record of it.
        no_metadata = VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
        /// Stop the domain afterwards.
        halt = VIR_DOMAIN_SNAPSHOT_CREATE_HALT,
        /// Disks only, not memory.
        disk_only = VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
        /// External files are there already.
        reuse_external = VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT,
        /// Freeze the guest's file systems meanwhile (guest agent, disk-only).
        quiesce = VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
        /// All disks or none.
        atomic = VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
        /// The guest runs while its memory is saved (external).
        live = VIR_DOMAIN_SNAPSHOT_CREATE_LIVE,
        /// Check the XML against the schema.
        validate = VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE,
    }
}

flag_word! {
    /// How a domain goes back to a snapshot.
    RevertFlags {
        /// It runs afterwards.
        running = VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING,
        /// It is paused afterwards.
        paused = VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED,
        /// Even when libvirt calls it risky (`SNAPSHOT_REVERT_RISKY`).
        force = VIR_DOMAIN_SNAPSHOT_REVERT_FORCE,
        /// NVRAM starts anew from its template.
        reset_nvram = VIR_DOMAIN_SNAPSHOT_REVERT_RESET_NVRAM,
    }
}

flag_word! {
    /// What goes with a deleted snapshot.
    SnapshotDeleteFlags {
        /// Its descendants too.
        children = VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN,
        /// Its descendants, but not itself.
        children_only = VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY,
        /// libvirt's record only: the data stay.
        metadata_only = VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
    }
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// Its name within the domain.
    pub name: String,
    /// The one it was made on top of.
    pub parent: Option<String>,
    /// Whether the domain stands on it.
    pub current: bool,
    /// Whether libvirt keeps a record of it.
    pub has_metadata: bool,
    /// The state the domain was in (`running`, `shutoff`, `disk-snapshot`, ...).
    pub state: String,
    /// Seconds since 1970.
    pub created_at: u64,
}

impl Session {
    fn with_snapshot<R>(
        &mut self,
        uuid: Uuid,
        name: &str,
        act: impl FnOnce(*mut sys::virDomainSnapshot) -> Result<R>,
    ) -> Result<R> {
        let text = arg(name)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a NUL-terminated name.
            let raw = unsafe { sys::virDomainSnapshotLookupByName(domain, text.as_ptr(), 0) };
            Handle::own(raw, "virDomainSnapshotLookupByName")
                .and_then(|snapshot| act(snapshot.as_ptr()))
                .map_err(|error| error.about(name))
        })
    }

    fn snapshot_call(
        &mut self,
        uuid: Uuid,
        name: &str,
        call: &'static str,
        act: impl FnOnce(*mut sys::virDomainSnapshot) -> c_int,
    ) -> Result<c_int> {
        self.with_snapshot(uuid, name, |snapshot| check(act(snapshot), call))
    }

    /// Makes a snapshot and gives its name (`virDomainSnapshotCreateXML`).
    pub fn create_snapshot(&mut self, uuid: Uuid, xml: &str, flags: SnapshotFlags) -> Result<String> {
        let text = arg(xml)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and NUL-terminated XML.
            let raw = unsafe { sys::virDomainSnapshotCreateXML(domain, text.as_ptr(), flags.word()) };
            name_of(Handle::own(raw, "virDomainSnapshotCreateXML")?.as_ptr())
        })
    }

    /// All snapshots of a domain (`virDomainListAllSnapshots`), parents before children.
    pub fn list_snapshots(&mut self, uuid: Uuid) -> Result<Vec<SnapshotRecord>> {
        let flags = bits(&[(true, sys::VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL)]);
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain; `list` owns the array.
            let found = list("virDomainListAllSnapshots", |array| unsafe {
                sys::virDomainListAllSnapshots(domain, array, flags)
            })?;
            still_there(&found, Code::NoDomainSnapshot, |snapshot| record(snapshot.as_ptr()))
        })
    }

    /// The snapshot, `NO_DOMAIN_SNAPSHOT` when there is none of this name.
    pub fn find_snapshot(&mut self, uuid: Uuid, name: &str) -> Result<SnapshotRecord> {
        self.with_snapshot(uuid, name, record)
    }

    /// The name of the snapshot that the domain stands on (`virDomainSnapshotCurrent`).
    pub fn current_snapshot(&mut self, uuid: Uuid) -> Result<Option<String>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain.
            let raw = unsafe { sys::virDomainSnapshotCurrent(domain, 0) };
            absent(Handle::own(raw, "virDomainSnapshotCurrent"))?.map(|found| name_of(found.as_ptr())).transpose()
        })
    }

    /// Takes the domain back to a snapshot (`virDomainRevertToSnapshot`).
    pub fn revert_to_snapshot(&mut self, uuid: Uuid, name: &str, flags: RevertFlags) -> Result<()> {
        // SAFETY: a live snapshot.
        self.snapshot_call(uuid, name, "virDomainRevertToSnapshot", |snapshot| unsafe {
            sys::virDomainRevertToSnapshot(snapshot, flags.word())
        })
        .map(drop)
    }

    /// Deletes a snapshot (`virDomainSnapshotDelete`).
    pub fn delete_snapshot(&mut self, uuid: Uuid, name: &str, flags: SnapshotDeleteFlags) -> Result<()> {
        // SAFETY: a live snapshot.
        self.snapshot_call(uuid, name, "virDomainSnapshotDelete", |snapshot| unsafe {
            sys::virDomainSnapshotDelete(snapshot, flags.word())
        })
        .map(drop)
    }

    /// The snapshot as XML (`virDomainSnapshotGetXMLDesc`); `secure` with passwords.
    pub fn snapshot_xml(&mut self, uuid: Uuid, name: &str, secure: bool) -> Result<String> {
        let flags = bits(&[(secure, sys::VIR_DOMAIN_SNAPSHOT_XML_SECURE)]);
        // SAFETY: a live snapshot; the answer is ours to free.
        self.with_snapshot(uuid, name, |snapshot| unsafe {
            taken(sys::virDomainSnapshotGetXMLDesc(snapshot, flags), "virDomainSnapshotGetXMLDesc")
        })
    }
}

/// `None` for "there is none".
fn absent<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code == Code::NoDomainSnapshot => Ok(None),
        other => other.map(Some),
    }
}

fn name_of(snapshot: *mut sys::virDomainSnapshot) -> Result<String> {
    // SAFETY: a live snapshot, which keeps its name.
    unsafe { borrowed(sys::virDomainSnapshotGetName(snapshot)) }.ok_or_else(|| Error::last("virDomainSnapshotGetName"))
}

fn record(snapshot: *mut sys::virDomainSnapshot) -> Result<SnapshotRecord> {
    // SAFETY: a live snapshot; what is owned is taken.
    let (text, parent, current, has_metadata) = unsafe {
        (
            taken(sys::virDomainSnapshotGetXMLDesc(snapshot, 0), "virDomainSnapshotGetXMLDesc")?,
            absent(Handle::own(sys::virDomainSnapshotGetParent(snapshot, 0), "virDomainSnapshotGetParent"))?,
            check(sys::virDomainSnapshotIsCurrent(snapshot, 0), "virDomainSnapshotIsCurrent")? == 1,
            check(sys::virDomainSnapshotHasMetadata(snapshot, 0), "virDomainSnapshotHasMetadata")? == 1,
        )
    };
    Ok(SnapshotRecord {
        name: name_of(snapshot)?,
        parent: parent.map(|parent| name_of(parent.as_ptr())).transpose()?,
        current,
        has_metadata,
        state: xml::element(&text, "state").unwrap_or("unknown").to_owned(),
        created_at: xml::element(&text, "creationTime").and_then(|t| t.parse().ok()).unwrap_or(0),
    })
}
