//! Domains: finding them, and what they are.

use libc::{c_int, c_uint};
use virt_sys as sys;

use crate::error::{Code, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, optional_arg, pointer, taken, uuid_of};
use crate::long_text::LongText;
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{DOMAIN_STATES, domain_reason, word};

/// What names a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Its UUID, the key of every later call.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
}

/// A domain in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainRecord {
    /// The domain.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// The hypervisor's number, while it is active.
    pub id: Option<u32>,
    /// A word of [`DOMAIN_STATES`].
    pub state: &'static str,
    /// Why it is in that state.
    pub reason: &'static str,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

/// State with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainState {
    /// A word of [`DOMAIN_STATES`].
    pub state: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// `virDomainGetInfo`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainInfo {
    /// A word of [`DOMAIN_STATES`].
    pub state: &'static str,
    /// Memory that it may have, KiB.
    pub max_memory_kib: u64,
    /// Memory that it has, KiB.
    pub memory_kib: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// CPU time used, nanoseconds.
    pub cpu_time_ns: u64,
}

/// What is in an XML description.
#[derive(Debug, Clone, Copy, Default)]
pub struct XmlFlags {
    /// With passwords (refused on read-only connections).
    pub secure: bool,
    /// The definition for the next start, though it runs.
    pub inactive: bool,
    /// In a form that another host can take.
    pub migratable: bool,
}

/// Which of a domain's two configurations a change is for; the current one when neither is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Affect {
    /// The running domain.
    pub live: bool,
    /// The persistent definition.
    pub config: bool,
}

impl Affect {
    pub(crate) fn word(self) -> c_uint {
        bits(&[(self.live, sys::VIR_DOMAIN_AFFECT_LIVE), (self.config, sys::VIR_DOMAIN_AFFECT_CONFIG)])
    }
}

impl Session {
    /// Runs a call on a domain's handle, by UUID.
    pub(crate) fn with_domain<R>(
        &mut self,
        uuid: Uuid,
        act: impl FnOnce(*mut sys::virDomain) -> Result<R>,
    ) -> Result<R> {
        let conn = self.conn();
        let look_up = || {
            // SAFETY: a live connection and 16 bytes.
            let raw = unsafe { sys::virDomainLookupByUUID(conn, uuid.0.as_ptr()) };
            Handle::own(raw, "virDomainLookupByUUID")
        };
        self.domains.with(uuid, look_up, act)
    }

    /// As [`Self::with_domain`], for functions that answer with a number below zero when they fail.
    pub(crate) fn domain_call(
        &mut self,
        uuid: Uuid,
        call: &'static str,
        act: impl FnOnce(*mut sys::virDomain) -> c_int,
    ) -> Result<c_int> {
        self.with_domain(uuid, |domain| check(act(domain), call))
    }

    /// Finds a domain by UUID; `NO_DOMAIN` when there is none.
    pub fn find_domain(&mut self, uuid: Uuid) -> Result<ObjectName> {
        let conn = self.conn();
        // SAFETY: a live connection and 16 bytes.
        let raw = unsafe { sys::virDomainLookupByUUID(conn, uuid.0.as_ptr()) };
        let found = Handle::own(raw, "virDomainLookupByUUID").map_err(|e| e.about(uuid.to_string()))?;
        reference(&found)
    }

    /// Finds a domain by name; `NO_DOMAIN` when there is none.
    pub fn find_domain_by_name(&mut self, name: &str) -> Result<ObjectName> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virDomainLookupByName(self.conn(), text.as_ptr()) };
        let found = Handle::own(raw, "virDomainLookupByName").map_err(|e| e.about(name))?;
        reference(&found)
    }

    /// Defines a persistent domain, or redefines the one of the same UUID (`virDomainDefineXMLFlags`).
    pub fn define_domain(&mut self, xml: &str, validate: bool) -> Result<ObjectName> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_DOMAIN_DEFINE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virDomainDefineXMLFlags(self.conn(), text.as_ptr(), flags) };
        reference(&Handle::own(raw, "virDomainDefineXMLFlags")?)
    }

    /// State and reason (`virDomainGetState`).
    pub fn domain_state(&mut self, uuid: Uuid) -> Result<DomainState> {
        self.with_domain(uuid, state_of)
    }

    /// `virDomainGetInfo`
    pub fn domain_info(&mut self, uuid: Uuid) -> Result<DomainInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virDomainInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live domain and a place for the answer.
        self.domain_call(uuid, "virDomainGetInfo", |domain| unsafe { sys::virDomainGetInfo(domain, &raw mut info) })?;
        Ok(DomainInfo {
            state: word(DOMAIN_STATES, i32::from(info.state)),
            max_memory_kib: info.maxMem,
            memory_kib: info.memory,
            vcpus: u32::from(info.nrVirtCpu),
            cpu_time_ns: info.cpuTime,
        })
    }

    /// The domain as XML (`virDomainGetXMLDesc`).
    pub fn domain_xml(&mut self, uuid: Uuid, flags: XmlFlags) -> Result<LongText> {
        let flags = bits(&[
            (flags.secure, sys::VIR_DOMAIN_XML_SECURE),
            (flags.inactive, sys::VIR_DOMAIN_XML_INACTIVE),
            (flags.migratable, sys::VIR_DOMAIN_XML_MIGRATABLE),
        ]);
        // SAFETY: a live domain; the answer is ours to free.
        self.with_domain(uuid, |domain| unsafe {
            LongText::take(sys::virDomainGetXMLDesc(domain, flags), "virDomainGetXMLDesc")
        })
    }

    /// The metadata element of a namespace, `None` when it has none (`virDomainGetMetadata`).
    pub fn domain_metadata(&mut self, uuid: Uuid, namespace: &str, affect: Affect) -> Result<Option<String>> {
        let uri = arg(namespace)?;
        let element = sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        let found = self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a NUL-terminated URI; the answer is ours to free.
            unsafe {
                taken(sys::virDomainGetMetadata(domain, element, uri.as_ptr(), affect.word()), "virDomainGetMetadata")
            }
        });
        match found {
            Err(error) if error.code == Code::NoDomainMetadata => Ok(None),
            other => other.map(Some),
        }
    }

    /// Sets the metadata element of a namespace, or removes it when `xml` is `None` (`virDomainSetMetadata`).
    pub fn set_domain_metadata(
        &mut self,
        uuid: Uuid,
        xml: Option<&str>,
        prefix: &str,
        namespace: &str,
        affect: Affect,
    ) -> Result<()> {
        let (element, key, uri) = (optional_arg(xml)?, arg(prefix)?, arg(namespace)?);
        let kind = sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        self.domain_call(uuid, "virDomainSetMetadata", |domain| {
            // SAFETY: a live domain, each text null or NUL-terminated.
            unsafe {
                sys::virDomainSetMetadata(
                    domain,
                    kind,
                    pointer(element.as_ref()),
                    key.as_ptr(),
                    uri.as_ptr(),
                    affect.word(),
                )
            }
        })
        .map(drop)
    }
}

fn state_of(domain: *mut sys::virDomain) -> Result<DomainState> {
    let (mut state, mut reason) = (0, 0);
    // SAFETY: a live domain and places for the answers.
    check(unsafe { sys::virDomainGetState(domain, &raw mut state, &raw mut reason, 0) }, "virDomainGetState")?;
    Ok(DomainState { state: word(DOMAIN_STATES, state), reason: domain_reason(state, reason) })
}

pub(crate) fn reference(domain: &Handle<sys::virDomain>) -> Result<ObjectName> {
    reference_of(domain.as_ptr())
}

/// UUID and name of a live domain pointer; both are kept by the client, no call is made.
pub(crate) fn reference_of(domain: *mut sys::virDomain) -> Result<ObjectName> {
    // SAFETY: a live domain and 16 bytes for the answer.
    let uuid = uuid_of("virDomainGetUUID", |raw| unsafe { sys::virDomainGetUUID(domain, raw) })?;
    // SAFETY: a live domain, which keeps its name.
    let name = unsafe { borrowed(sys::virDomainGetName(domain)) }.unwrap_or_default();
    Ok(ObjectName { uuid, name })
}
