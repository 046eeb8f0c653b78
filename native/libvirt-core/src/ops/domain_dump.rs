//! Domains: dumps, signals, what happens at the end of a run, and what a saved state says.

use virt_sys as sys;

use super::domain::Affect;
use super::domain_save::SaveFlags;
use crate::error::{Code, Error, Result};
use crate::ffi::{arg, check, flag_word, taken};
use crate::params::{List, Param};
use crate::session::Session;
use crate::uuid::Uuid;

flag_word! {
    /// How a core dump is taken; the domain is stopped meanwhile unless `live` is set.
    DumpFlags {
        /// It runs on.
        live = VIR_DUMP_LIVE,
        /// It is off afterwards.
        crash = VIR_DUMP_CRASH,
        /// It is reset afterwards.
        reset = VIR_DUMP_RESET,
        /// Past the page cache.
        bypass_cache = VIR_DUMP_BYPASS_CACHE,
        /// The guest's memory without the state of devices.
        memory_only = VIR_DUMP_MEMORY_ONLY,
    }
}

/// `virDomainCoreDumpFormat`
const DUMP_FORMATS: &[&str] = &["raw", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp"];
/// `virDomainLifecycle`
const LIFECYCLES: &[&str] = &["poweroff", "reboot", "crash"];
/// `virDomainLifecycleAction`
const ACTIONS: &[&str] = &["destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart"];

impl Session {
    /// Writes the memory into a file of the host (`virDomainCoreDumpWithFormat`).
    pub fn dump_core(&mut self, uuid: Uuid, path: &str, format: &str, flags: DumpFlags) -> Result<()> {
        const CALL: &str = "virDomainCoreDumpWithFormat";
        let (path, format) = (arg(path)?, number_of(DUMP_FORMATS, format, CALL)?);
        // SAFETY: a live domain and a NUL-terminated path.
        self.domain_call(uuid, CALL, |domain| unsafe {
            sys::virDomainCoreDumpWithFormat(domain, path.as_ptr(), format, flags.word())
        })
        .map(drop)
    }

    /// Sends the guest a non-maskable interrupt (`virDomainInjectNMI`).
    pub fn inject_nmi(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainInjectNMI", |domain| unsafe { sys::virDomainInjectNMI(domain, 0) }).map(drop)
    }

    /// Sends a signal to a process in the guest (`virDomainSendProcessSignal`); containers only, QEMU says `NO_SUPPORT`.
    pub fn signal_process(&mut self, uuid: Uuid, pid: i64, signal: u32) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSendProcessSignal", |domain| unsafe {
            sys::virDomainSendProcessSignal(domain, pid, signal, 0)
        })
        .map(drop)
    }

    /// Tells once when a disk is written beyond so many bytes (`virDomainSetBlockThreshold`).
    pub fn set_block_threshold(&mut self, uuid: Uuid, disk: &str, bytes: u64) -> Result<()> {
        let disk = arg(disk)?;
        // SAFETY: a live domain and a NUL-terminated name.
        self.domain_call(uuid, "virDomainSetBlockThreshold", |domain| unsafe {
            sys::virDomainSetBlockThreshold(domain, disk.as_ptr(), bytes, 0)
        })
        .map(drop)
    }

    /// What is done when it powers off, reboots or crashes (`virDomainSetLifecycleAction`).
    pub fn set_lifecycle_action(&mut self, uuid: Uuid, when: &str, action: &str, affect: Affect) -> Result<()> {
        const CALL: &str = "virDomainSetLifecycleAction";
        let (when, action) = (number_of(LIFECYCLES, when, CALL)?, number_of(ACTIONS, action, CALL)?);
        // SAFETY: a live domain.
        self.domain_call(uuid, CALL, |domain| unsafe {
            sys::virDomainSetLifecycleAction(domain, when, action, affect.word())
        })
        .map(drop)
    }

    /// How often its balloon tells of memory, seconds; 0 for never (`virDomainSetMemoryStatsPeriod`).
    pub fn set_memory_stats_period(&mut self, uuid: Uuid, seconds: i32, affect: Affect) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSetMemoryStatsPeriod", |domain| unsafe {
            sys::virDomainSetMemoryStatsPeriod(domain, seconds, affect.word())
        })
        .map(drop)
    }

    /// The definition that a saved file restores (`virDomainSaveImageGetXMLDesc`).
    pub fn saved_xml(&mut self, path: &str, secure: bool) -> Result<String> {
        let file = arg(path)?;
        let flags = if secure { sys::VIR_DOMAIN_SAVE_IMAGE_XML_SECURE } else { 0 };
        // SAFETY: a live connection and a NUL-terminated path; the answer is ours to free.
        unsafe {
            let xml = sys::virDomainSaveImageGetXMLDesc(self.conn(), file.as_ptr(), flags);
            taken(xml, "virDomainSaveImageGetXMLDesc").map_err(|error| error.about(path))
        }
    }

    /// Changes it (`virDomainSaveImageDefineXML`).
    pub fn set_saved_xml(&mut self, path: &str, xml: &str, flags: SaveFlags) -> Result<()> {
        let (file, xml) = (arg(path)?, arg(xml)?);
        // SAFETY: a live connection and NUL-terminated texts.
        let answer =
            unsafe { sys::virDomainSaveImageDefineXML(self.conn(), file.as_ptr(), xml.as_ptr(), flags.word()) };
        check(answer, "virDomainSaveImageDefineXML").map(drop).map_err(|error| error.about(path))
    }

    /// The definition that the managed save restores (`virDomainManagedSaveGetXMLDesc`).
    pub fn managed_save_xml(&mut self, uuid: Uuid, secure: bool) -> Result<String> {
        let flags = if secure { sys::VIR_DOMAIN_SAVE_IMAGE_XML_SECURE } else { 0 };
        // SAFETY: a live domain; the answer is ours to free.
        self.with_domain(uuid, |domain| unsafe {
            taken(sys::virDomainManagedSaveGetXMLDesc(domain, flags), "virDomainManagedSaveGetXMLDesc")
        })
    }

    /// Changes it (`virDomainManagedSaveDefineXML`).
    pub fn set_managed_save_xml(&mut self, uuid: Uuid, xml: &str, flags: SaveFlags) -> Result<()> {
        let xml = arg(xml)?;
        // SAFETY: a live domain and NUL-terminated XML.
        self.domain_call(uuid, "virDomainManagedSaveDefineXML", |domain| unsafe {
            sys::virDomainManagedSaveDefineXML(domain, xml.as_ptr(), flags.word())
        })
        .map(drop)
    }

    /// As `save_domain`, with parameters (`virDomainSaveParams`).
    pub fn save_domain_with(&mut self, uuid: Uuid, params: &[Param], flags: SaveFlags) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live domain and a list that lives.
        self.domain_call(uuid, "virDomainSaveParams", |domain| unsafe {
            sys::virDomainSaveParams(domain, list.as_ptr(), list.len(), flags.word())
        })
        .map(drop)
    }

    /// As `restore_domain`, with parameters (`virDomainRestoreParams`).
    pub fn restore_domain_with(&mut self, params: &[Param], flags: SaveFlags) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live connection and a list that lives.
        let answer = unsafe { sys::virDomainRestoreParams(self.conn(), list.as_ptr(), list.len(), flags.word()) };
        check(answer, "virDomainRestoreParams").map(drop)
    }
}

/// The number of a word, for a caller who knows the words.
pub(crate) fn number_of(table: &[&str], word: &str, call: &'static str) -> Result<u32> {
    let found = table.iter().position(|known| *known == word).and_then(|i| u32::try_from(i).ok());
    found.ok_or_else(|| Error::own(Code::InvalidArg, call, format!("{word} is none of {}", table.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_number_and_another_is_refused_by_name() {
        assert_eq!(number_of(DUMP_FORMATS, "kdump-lzo", "x").ok(), Some(2));
        let error = number_of(LIFECYCLES, "explode", "virDomainSetLifecycleAction").expect_err("no such word");
        assert_eq!(error.code, Code::InvalidArg);
        assert!(error.message.contains("explode"));
    }
}
