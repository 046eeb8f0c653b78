//! Domains: CPU pinning, limits and weights, and what they use.

use libc::c_int;
use virt_sys as sys;

use super::domain::Affect;
use crate::error::{Code, Error, Result};
use crate::ffi::{arg, bits, check};
use crate::parameters::{self, List, Param, Value};
use crate::session::Session;
use crate::uuid::Uuid;

/// Which limits are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// CPU time: `cpu_shares`, `vcpu_quota`, ...
    Scheduler,
    /// Memory limits in KiB: `hard_limit`, ...
    Memory,
    /// Weights and limits of all its disks together.
    BlockIo,
    /// NUMA placement: `numa_mode`, `numa_nodeset`.
    Numa,
}

/// CPU numbers beyond this are no real host's.
const MAX_CPUS: u32 = 8192;
/// Names of `virDomainMemoryStatTags`.
const MEMORY_STATS: &[&str] = &[
    "swap_in",
    "swap_out",
    "major_fault",
    "minor_fault",
    "unused",
    "available",
    "actual_balloon",
    "rss",
    "usable",
    "last_update",
    "disk_caches",
    "hugetlb_pgalloc",
    "hugetlb_pgfail",
];

impl Session {
    /// Lets a virtual CPU run on these host CPUs only (`virDomainPinVcpuFlags`).
    pub fn pin_vcpu(&mut self, uuid: Uuid, vcpu: u32, cpus: &[u32], affect: Affect) -> Result<()> {
        let mut map = cpu_map(cpus)?;
        let length = c_int::try_from(map.len()).unwrap_or(c_int::MAX);
        // SAFETY: a live domain and a map of that many bytes.
        self.domain_call(uuid, "virDomainPinVcpuFlags", |domain| unsafe {
            sys::virDomainPinVcpuFlags(domain, vcpu, map.as_mut_ptr(), length, affect.word())
        })
        .map(drop)
    }

    /// The host CPUs of every virtual CPU (`virDomainGetVcpuPinInfo`).
    pub fn vcpu_pins(&mut self, uuid: Uuid, affect: Affect) -> Result<Vec<Vec<u32>>> {
        let host = self.host_cpus()?;
        let vcpus = self.vcpu_count(uuid, affect, true)? as usize;
        let bytes = (host as usize).div_ceil(8);
        let mut maps = vec![0u8; bytes * vcpus];
        let (count, length) = (c_int::try_from(vcpus).unwrap_or(0), c_int::try_from(bytes).unwrap_or(0));
        // SAFETY: a live domain and room for `count` maps of `length` bytes.
        let filled = self.domain_call(uuid, "virDomainGetVcpuPinInfo", |domain| unsafe {
            sys::virDomainGetVcpuPinInfo(domain, count, maps.as_mut_ptr(), length, affect.word())
        })?;
        let filled = usize::try_from(filled).unwrap_or(0);
        Ok(maps.chunks(bytes.max(1)).take(filled).map(|map| cpus_of(map, host)).collect())
    }

    pub(crate) fn host_cpus(&mut self) -> Result<u32> {
        // SAFETY: a live connection; null asks for the number only.
        let count = unsafe { sys::virNodeGetCPUMap(self.conn(), std::ptr::null_mut(), std::ptr::null_mut(), 0) };
        check(count, "virNodeGetCPUMap").map(i32::cast_unsigned)
    }

    /// The number of virtual CPUs, or how many there may be (`virDomainGetVcpusFlags`).
    pub fn vcpu_count(&mut self, uuid: Uuid, affect: Affect, maximum: bool) -> Result<u32> {
        let flags = affect.word() | bits(&[(maximum, sys::VIR_DOMAIN_VCPU_MAXIMUM)]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainGetVcpusFlags", |domain| unsafe { sys::virDomainGetVcpusFlags(domain, flags) })
            .map(i32::cast_unsigned)
    }

    /// The memory that it may have, KiB (`virDomainGetMaxMemory`).
    pub fn max_memory(&mut self, uuid: Uuid) -> Result<u64> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain.
            let kib = unsafe { sys::virDomainGetMaxMemory(domain) };
            if kib == 0 { Err(Error::last("virDomainGetMaxMemory")) } else { Ok(kib) }
        })
    }

    /// Limits and weights (`virDomainGetSchedulerParametersFlags` and its siblings).
    pub fn tuning(&mut self, uuid: Uuid, what: Tuning, affect: Affect) -> Result<Vec<Param>> {
        let flags = affect.word() | sys::VIR_TYPED_PARAM_STRING_OKAY;
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain; the array has the room that the count says.
            unsafe {
                match what {
                    Tuning::Scheduler => scheduler(domain, affect),
                    Tuning::Memory => parameters::counted("virDomainGetMemoryParameters", |array, count| {
                        sys::virDomainGetMemoryParameters(domain, array, count, flags)
                    }),
                    Tuning::BlockIo => parameters::counted("virDomainGetBlkioParameters", |array, count| {
                        sys::virDomainGetBlkioParameters(domain, array, count, flags)
                    }),
                    Tuning::Numa => parameters::counted("virDomainGetNumaParameters", |array, count| {
                        sys::virDomainGetNumaParameters(domain, array, count, flags)
                    }),
                }
            }
        })
    }

    /// Sets limits and weights; what is not named stays (`virDomainSetSchedulerParametersFlags` and its siblings).
    pub fn set_tuning(&mut self, uuid: Uuid, what: Tuning, params: &[Param], affect: Affect) -> Result<()> {
        let (list, flags) = (List::of(params)?, affect.word());
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and a list that lives.
            let (answer, call) = unsafe {
                let (array, count) = (list.as_ptr(), list.len());
                match what {
                    Tuning::Scheduler => (
                        sys::virDomainSetSchedulerParametersFlags(domain, array, count, flags),
                        "virDomainSetSchedulerParametersFlags",
                    ),
                    Tuning::Memory => {
                        (sys::virDomainSetMemoryParameters(domain, array, count, flags), "virDomainSetMemoryParameters")
                    }
                    Tuning::BlockIo => {
                        (sys::virDomainSetBlkioParameters(domain, array, count, flags), "virDomainSetBlkioParameters")
                    }
                    Tuning::Numa => {
                        (sys::virDomainSetNumaParameters(domain, array, count, flags), "virDomainSetNumaParameters")
                    }
                }
            };
            check(answer, call).map(drop)
        })
    }

    /// The balloon's numbers of a running domain, in KiB and counts (`virDomainMemoryStats`).
    pub fn memory_stats(&mut self, uuid: Uuid) -> Result<Vec<Param>> {
        let mut array = [sys::virDomainMemoryStatStruct { tag: 0, val: 0 }; 32];
        // SAFETY: a live domain and room for 32 numbers.
        let filled = self.domain_call(uuid, "virDomainMemoryStats", |domain| unsafe {
            sys::virDomainMemoryStats(domain, array.as_mut_ptr(), 32, 0)
        })?;
        let named = |stat: &sys::virDomainMemoryStatStruct| {
            let name = MEMORY_STATS.get(usize::try_from(stat.tag).ok()?)?;
            Some(Param { name: (*name).to_owned(), value: Value::Ullong(stat.val) })
        };
        Ok(array.iter().take(usize::try_from(filled).unwrap_or(0)).filter_map(named).collect())
    }

    /// Counters of one interface, by its name on the host or its MAC address (`virDomainInterfaceStats`).
    pub fn interface_stats(&mut self, uuid: Uuid, device: &str) -> Result<Vec<Param>> {
        let text = arg(device)?;
        // SAFETY: plain data for which all zeroes is a value.
        let mut stats: sys::virDomainInterfaceStatsStruct = unsafe { std::mem::zeroed() };
        // SAFETY: a live domain, a NUL-terminated name and a place of that size.
        self.domain_call(uuid, "virDomainInterfaceStats", |domain| unsafe {
            sys::virDomainInterfaceStats(domain, text.as_ptr(), &raw mut stats, size_of_val(&stats))
        })?;
        let counters = [
            ("rx_bytes", stats.rx_bytes),
            ("rx_packets", stats.rx_packets),
            ("rx_errs", stats.rx_errs),
            ("rx_drop", stats.rx_drop),
            ("tx_bytes", stats.tx_bytes),
            ("tx_packets", stats.tx_packets),
            ("tx_errs", stats.tx_errs),
            ("tx_drop", stats.tx_drop),
        ];
        // -1 says that the driver doesn't count it.
        let counted = counters.into_iter().filter(|(_, value)| *value >= 0);
        Ok(counted.map(|(name, value)| Param { name: name.to_owned(), value: Value::Llong(value) }).collect())
    }
}

/// The scheduler's parameters, of which another function tells the number.
fn scheduler(domain: *mut sys::virDomain, affect: Affect) -> Result<Vec<Param>> {
    let flags = affect.word();
    parameters::counted("virDomainGetSchedulerParametersFlags", |array, count| {
        // SAFETY: a live domain; the array has the room that the count says; the name of the scheduler is ours to free.
        unsafe {
            if array.is_null() {
                let name = sys::virDomainGetSchedulerType(domain, count);
                libc::free(name.cast());
                if name.is_null() { -1 } else { 0 }
            } else if flags == 0 {
                // The test driver knows no flags, and libvirt adds one of its own to them.
                sys::virDomainGetSchedulerParameters(domain, array, count)
            } else {
                sys::virDomainGetSchedulerParametersFlags(domain, array, count, flags)
            }
        }
    })
}

pub(crate) fn cpu_map(cpus: &[u32]) -> Result<Vec<u8>> {
    let refuse = |message: &str| Err(Error::own(Code::InvalidArg, "cpuMap", message));
    let Some(last) = cpus.iter().copied().max() else { return refuse("at least one CPU is needed") };
    if last >= MAX_CPUS {
        return refuse("no host has a CPU of this number");
    }
    let mut map = vec![0u8; last as usize / 8 + 1];
    for cpu in cpus {
        map[*cpu as usize / 8] |= 1 << (cpu % 8);
    }
    Ok(map)
}

pub(crate) fn cpus_of(map: &[u8], host: u32) -> Vec<u32> {
    (0..host).filter(|cpu| map.get(*cpu as usize / 8).is_some_and(|byte| byte & (1 << (cpu % 8)) != 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cpu_map_holds_exactly_its_cpus(cpus in prop::collection::btree_set(0u32..64, 1..20)) {
            let cpus: Vec<u32> = cpus.into_iter().collect();
            prop_assert_eq!(cpus_of(&cpu_map(&cpus).expect("real CPUs"), 64), cpus);
        }
    }

    #[test]
    fn no_cpu_at_all_and_absurd_ones_are_refused() {
        assert!(cpu_map(&[]).is_err());
        assert!(cpu_map(&[MAX_CPUS]).is_err());
    }
}
