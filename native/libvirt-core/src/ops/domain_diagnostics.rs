//! Domains: what they are and how they do, seen from the host.

use std::ptr;

use libc::{c_int, c_uint, c_void};
use virt_sys as sys;

use super::domain::{Affect, ObjectName, reference};
use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, taken, taken_all};
use crate::parameters::{self, List, Param};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::word;

/// How the hypervisor's own process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlInfo {
    /// `ok`, `job`, `occupied` (for a call that has to wait) or `error`.
    pub state: &'static str,
    /// Why, for `error`: `none`, `unknown`, `monitor` or `internal`.
    pub details: &'static str,
    /// How long it has been so, ms.
    pub since_ms: u64,
}

/// A label of a security driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityLabel {
    /// The label.
    pub label: String,
    /// Whether it is enforced.
    pub enforcing: bool,
}

/// CPU time of a domain, in all and on each host CPU: libvirt's names.
#[derive(Debug, Clone, PartialEq)]
pub struct CpuUsage {
    /// `cpu_time`, `user_time`, `system_time`, ns.
    pub total: Vec<Param>,
    /// By host CPU.
    pub per_cpu: Vec<Vec<Param>>,
}

/// The part of a guest's memory or disk that one call may look at.
const LARGEST_PEEK: u32 = 64 << 10;
const DISK_ERRORS: &[&str] = &["none", "unspecified", "no-space"];
/// Disks of a domain beyond this are none of a real one.
const MAX_DISKS: usize = 4096;

impl Session {
    /// Finds a running domain by its number; `NO_DOMAIN` when there is none (`virDomainLookupByID`).
    pub fn find_domain_by_id(&mut self, id: i32) -> Result<ObjectName> {
        // SAFETY: a live connection.
        let raw = unsafe { sys::virDomainLookupByID(self.conn(), id) };
        reference(&Handle::own(raw, "virDomainLookupByID").map_err(|e| e.about(id.to_string()))?)
    }

    /// Whether its definition changed since it started (`virDomainIsUpdated`).
    pub fn is_domain_updated(&mut self, uuid: Uuid) -> Result<bool> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainIsUpdated", |domain| unsafe { sys::virDomainIsUpdated(domain) })
            .map(|answer| answer == 1)
    }

    /// The kind of system, e.g. `hvm` (`virDomainGetOSType`).
    pub fn os_type(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live domain; the answer is ours to free.
        self.with_domain(uuid, |domain| unsafe { taken(sys::virDomainGetOSType(domain), "virDomainGetOSType") })
    }

    /// How the hypervisor's process does (`virDomainGetControlInfo`).
    pub fn control_info(&mut self, uuid: Uuid) -> Result<ControlInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virDomainControlInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live domain and a place for the answer.
        self.domain_call(uuid, "virDomainGetControlInfo", |domain| unsafe {
            sys::virDomainGetControlInfo(domain, &raw mut info, 0)
        })?;
        Ok(ControlInfo {
            state: word(&["ok", "job", "occupied", "error"], info.state.cast_signed()),
            details: word(&["none", "unknown", "monitor", "internal"], info.details.cast_signed()),
            since_ms: info.stateTime,
        })
    }

    /// What libvirt warns of: tainted, or deprecated features (`virDomainGetMessages`).
    pub fn domain_messages(&mut self, uuid: Uuid) -> Result<Vec<String>> {
        let mut messages = ptr::null_mut();
        // SAFETY: a live domain and a place for the answer.
        let count = self.domain_call(uuid, "virDomainGetMessages", |domain| unsafe {
            sys::virDomainGetMessages(domain, &raw mut messages, 0)
        })?;
        // SAFETY: `count` texts that are ours.
        Ok(unsafe { taken_all(messages, count) })
    }

    /// The labels of a running domain's process (`virDomainGetSecurityLabelList`).
    pub fn security_labels(&mut self, uuid: Uuid) -> Result<Vec<SecurityLabel>> {
        let mut labels: sys::virSecurityLabelPtr = ptr::null_mut();
        // SAFETY: a live domain and a place for the array.
        let count = self.domain_call(uuid, "virDomainGetSecurityLabelList", |domain| unsafe {
            sys::virDomainGetSecurityLabelList(domain, &raw mut labels)
        })?;
        let read = (0..usize::try_from(count).unwrap_or(0)).map(|i| {
            // SAFETY: one of `count` elements, each with a NUL-terminated text.
            let raw = unsafe { &*labels.add(i) };
            // SAFETY: as above.
            let label = unsafe { borrowed(raw.label.as_ptr()) }.unwrap_or_default();
            SecurityLabel { label, enforcing: raw.enforcing == 1 }
        });
        let read = read.collect();
        // SAFETY: malloc'ed for the caller.
        unsafe { libc::free(labels.cast()) };
        Ok(read)
    }

    /// Measurements of a domain with launch security, e.g. SEV (`virDomainGetLaunchSecurityInfo`).
    pub fn launch_security(&mut self, uuid: Uuid) -> Result<Vec<Param>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and places for the answer.
            parameters::allocated("virDomainGetLaunchSecurityInfo", |array, count| unsafe {
                sys::virDomainGetLaunchSecurityInfo(domain, array, count, 0)
            })
        })
    }

    /// Gives such a domain its secret while it is paused at its start (`virDomainSetLaunchSecurityState`).
    pub fn set_launch_security(&mut self, uuid: Uuid, params: &[Param]) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live domain and a list that lives.
        self.domain_call(uuid, "virDomainSetLaunchSecurityState", |domain| unsafe {
            sys::virDomainSetLaunchSecurityState(domain, list.as_ptr(), list.len(), 0)
        })
        .map(drop)
    }

    /// CPU time in all and by host CPU (`virDomainGetCPUStats`).
    pub fn cpu_usage(&mut self, uuid: Uuid) -> Result<CpuUsage> {
        let host = self.host_cpus()?;
        self.with_domain(uuid, |domain| {
            let total = cpu_stats(domain, -1, 1)?.into_iter().next().unwrap_or_default();
            // libvirt answers for at most 128 CPUs a call.
            let mut per_cpu = Vec::new();
            for first in (0..host).step_by(128) {
                per_cpu.extend(cpu_stats(domain, first.cast_signed(), (host - first).min(128))?);
            }
            Ok(CpuUsage { total, per_cpu })
        })
    }

    /// Disks with an error, by target: `unspecified` or `no-space` (`virDomainGetDiskErrors`).
    pub fn disk_errors(&mut self, uuid: Uuid) -> Result<Vec<(String, &'static str)>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain; null asks for the number only.
            let most = unsafe { sys::virDomainGetDiskErrors(domain, ptr::null_mut(), 0, 0) };
            let most = usize::try_from(check(most, "virDomainGetDiskErrors")?).unwrap_or(0).min(MAX_DISKS);
            if most == 0 {
                return Ok(Vec::new());
            }
            let mut array = vec![sys::virDomainDiskError { disk: ptr::null_mut(), error: 0 }; most];
            let room = c_uint::try_from(most).unwrap_or(0);
            // SAFETY: a live domain and room for that many.
            let filled = unsafe { sys::virDomainGetDiskErrors(domain, array.as_mut_ptr(), room, 0) };
            let filled = usize::try_from(check(filled, "virDomainGetDiskErrors")?).unwrap_or(0);
            let read = array.iter().take(filled).filter_map(|raw| {
                // SAFETY: the name is ours to free.
                let disk = unsafe { taken(raw.disk, "virDomainGetDiskErrors") }.ok()?;
                Some((disk, word(DISK_ERRORS, raw.error)))
            });
            Ok(read.collect())
        })
    }

    /// Which performance events are counted (`virDomainGetPerfEvents`).
    pub fn perf_events(&mut self, uuid: Uuid, affect: Affect) -> Result<Vec<Param>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and places for the answer.
            parameters::allocated("virDomainGetPerfEvents", |array, count| unsafe {
                sys::virDomainGetPerfEvents(domain, array, count, affect.word())
            })
        })
    }

    /// Counts performance events or not (`virDomainSetPerfEvents`).
    pub fn set_perf_events(&mut self, uuid: Uuid, params: &[Param], affect: Affect) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live domain and a list that lives.
        self.domain_call(uuid, "virDomainSetPerfEvents", |domain| unsafe {
            sys::virDomainSetPerfEvents(domain, list.as_ptr(), list.len(), affect.word())
        })
        .map(drop)
    }

    /// Limits of an interface's bandwidth (`virDomainGetInterfaceParameters`).
    pub fn interface_tune(&mut self, uuid: Uuid, device: &str, affect: Affect) -> Result<Vec<Param>> {
        let text = arg(device)?;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain; the array has the room that the count says.
            parameters::counted("virDomainGetInterfaceParameters", |array, count| unsafe {
                sys::virDomainGetInterfaceParameters(domain, text.as_ptr(), array, count, affect.word())
            })
        })
    }

    /// Sets them (`virDomainSetInterfaceParameters`).
    pub fn set_interface_tune(&mut self, uuid: Uuid, device: &str, params: &[Param], affect: Affect) -> Result<()> {
        let (text, list) = (arg(device)?, List::of(params)?);
        // SAFETY: a live domain, a NUL-terminated name and a list that lives.
        self.domain_call(uuid, "virDomainSetInterfaceParameters", |domain| unsafe {
            sys::virDomainSetInterfaceParameters(domain, text.as_ptr(), list.as_ptr(), list.len(), affect.word())
        })
        .map(drop)
    }

    /// Bytes of the guest's memory, at a physical address or a virtual one (`virDomainMemoryPeek`).
    pub fn peek_memory(&mut self, uuid: Uuid, start: u64, length: u32, physical: bool) -> Result<Vec<u8>> {
        let which = if physical { sys::VIR_MEMORY_PHYSICAL } else { sys::VIR_MEMORY_VIRTUAL };
        self.peek(uuid, "virDomainMemoryPeek", length, |domain, buffer| {
            // SAFETY: a live domain and a buffer of that size.
            unsafe { sys::virDomainMemoryPeek(domain, start, length as usize, buffer, which) }
        })
    }

    /// Bytes of a disk, running or not (`virDomainBlockPeek`).
    pub fn peek_disk(&mut self, uuid: Uuid, disk: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
        let disk = arg(disk)?;
        self.peek(uuid, "virDomainBlockPeek", length, |domain, buffer| {
            // SAFETY: a live domain, a NUL-terminated name and a buffer of that size.
            unsafe { sys::virDomainBlockPeek(domain, disk.as_ptr(), offset, length as usize, buffer, 0) }
        })
    }

    fn peek(
        &mut self,
        uuid: Uuid,
        call: &'static str,
        length: u32,
        read: impl FnOnce(*mut sys::virDomain, *mut c_void) -> c_int,
    ) -> Result<Vec<u8>> {
        if length == 0 || length > LARGEST_PEEK {
            return Err(Error::own(Code::InvalidArg, call, "1 byte to 64 KiB are looked at"));
        }
        let mut buffer = vec![0u8; length as usize];
        self.domain_call(uuid, call, |domain| read(domain, buffer.as_mut_ptr().cast()))?;
        Ok(buffer)
    }

    /// Measures how fast the guest changes its memory, for so many seconds; the statistics group `dirtyRate` then tells
    /// (`virDomainStartDirtyRateCalc`).
    pub fn start_dirty_rate(&mut self, uuid: Uuid, seconds: i32) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainStartDirtyRateCalc", |domain| unsafe {
            sys::virDomainStartDirtyRateCalc(domain, seconds, 0)
        })
        .map(drop)
    }

    /// The most CPUs that a guest of this kind may have; of the driver's own when none is named
    /// (`virConnectGetMaxVcpus`).
    pub fn max_vcpus(&mut self, kind: Option<&str>) -> Result<u32> {
        let kind = crate::ffi::optional_arg(kind)?;
        // SAFETY: a live connection, a text null or NUL-terminated.
        let answer = unsafe { sys::virConnectGetMaxVcpus(self.conn(), crate::ffi::pointer(kind.as_ref())) };
        check(answer, "virConnectGetMaxVcpus").map(i32::cast_unsigned)
    }

    /// A definition from or to the hypervisor's own form, e.g. `qemu-argv` (`virConnectDomainXMLFromNative`, `ToNative`).
    pub fn convert_domain_xml(&mut self, format: &str, config: &str, to_native: bool) -> Result<String> {
        let (format, config) = (arg(format)?, arg(config)?);
        // SAFETY: a live connection and NUL-terminated texts; the answer is ours to free.
        unsafe {
            if to_native {
                let text = sys::virConnectDomainXMLToNative(self.conn(), format.as_ptr(), config.as_ptr(), 0);
                taken(text, "virConnectDomainXMLToNative")
            } else {
                let text = sys::virConnectDomainXMLFromNative(self.conn(), format.as_ptr(), config.as_ptr(), 0);
                taken(text, "virConnectDomainXMLFromNative")
            }
        }
    }

    /// Sends a command to QEMU itself, as JSON or as a line for humans; libvirt marks the domain as tainted
    /// (`virDomainQemuMonitorCommand`).
    pub fn monitor_command(&mut self, uuid: Uuid, command: &str, human: bool) -> Result<String> {
        let text = arg(command)?;
        let flags = bits(&[(human, sys::VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)]);
        let mut answer = ptr::null_mut();
        // SAFETY: a live domain, a NUL-terminated command and a place for the answer, which is ours to free.
        self.domain_call(uuid, "virDomainQemuMonitorCommand", |domain| unsafe {
            sys::virDomainQemuMonitorCommand(domain, text.as_ptr(), &raw mut answer, flags)
        })?;
        // SAFETY: as above.
        unsafe { taken(answer, "virDomainQemuMonitorCommand") }
    }
}

/// The parameters of `count` CPUs from `first` on; -1 and 1 for all of them together.
fn cpu_stats(domain: *mut sys::virDomain, first: c_int, count: c_uint) -> Result<Vec<Vec<Param>>> {
    const CALL: &str = "virDomainGetCPUStats";
    // SAFETY: a live domain; null asks for the number of parameters of one CPU.
    let each = unsafe { sys::virDomainGetCPUStats(domain, ptr::null_mut(), 0, first, 1, 0) };
    let each = usize::try_from(check(each, CALL)?).unwrap_or(0);
    if each == 0 {
        return Ok(Vec::new());
    }
    let room = each * count as usize;
    // SAFETY: plain data for which all zeroes is a value.
    let mut array: Vec<sys::virTypedParameter> = vec![unsafe { std::mem::zeroed() }; room];
    let of_each = c_uint::try_from(each).unwrap_or(0);
    // SAFETY: a live domain and room for `each` parameters of `count` CPUs.
    let filled = unsafe { sys::virDomainGetCPUStats(domain, array.as_mut_ptr(), of_each, first, count, 0) };
    let filled = check(filled, CALL)?;
    // SAFETY: libvirt filled up to `filled` of each CPU's places; those of CPUs that are off stay empty.
    let read = array.chunks(each).map(|cpu| unsafe { parameters::read(cpu.as_ptr(), filled) }).collect();
    // SAFETY: frees the texts of filled ones; the array is ours.
    unsafe { sys::virTypedParamsClear(array.as_mut_ptr(), c_int::try_from(room).unwrap_or(0)) };
    Ok(read)
}
