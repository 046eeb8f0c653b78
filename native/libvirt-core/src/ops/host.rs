//! The host: its load, memory per NUMA node, and CPU models.

use std::ffi::CString;
use std::ptr;

use libc::{c_char, c_int, c_uint, c_ulonglong};
use virt_sys as sys;

use crate::error::{Error, Result};
use crate::ffi::{arg, borrowed, check, taken};
use crate::parameters::{Param, Value};
use crate::session::Session;
use crate::vocabulary::word;

/// `VIR_NODE_CPU_STATS_ALL_CPUS` and `VIR_NODE_MEMORY_STATS_ALL_CELLS`
const ALL: c_int = -1;
/// NUMA nodes beyond this are no real host's.
const MAX_CELLS: usize = 1024;

impl Session {
    /// CPU time in nanoseconds since boot, of all CPUs or of one (`virNodeGetCPUStats`).
    pub fn host_cpu_stats(&mut self, cpu: Option<u32>) -> Result<Vec<Param>> {
        let cpu = cpu.map_or(ALL, u32::cast_signed);
        let mut count: c_int = 0;
        // SAFETY: a live connection; null asks for the number only.
        let answer = unsafe { sys::virNodeGetCPUStats(self.conn(), cpu, ptr::null_mut(), &raw mut count, 0) };
        check(answer, "virNodeGetCPUStats")?;
        // SAFETY: plain data for which all zeroes is a value.
        let mut stats: Vec<sys::virNodeCPUStats> =
            vec![unsafe { std::mem::zeroed() }; usize::try_from(count).unwrap_or(0)];
        // SAFETY: a live connection and room for `count`.
        let answer = unsafe { sys::virNodeGetCPUStats(self.conn(), cpu, stats.as_mut_ptr(), &raw mut count, 0) };
        check(answer, "virNodeGetCPUStats")?;
        // SAFETY: each name ends with a NUL within its 80 bytes.
        Ok(stats.iter().filter_map(|stat| unsafe { named(stat.field.as_ptr(), stat.value) }).collect())
    }

    /// Memory in KiB, of the host or of one NUMA node (`virNodeGetMemoryStats`).
    pub fn host_memory_stats(&mut self, cell: Option<u32>) -> Result<Vec<Param>> {
        let cell = cell.map_or(ALL, u32::cast_signed);
        let mut count: c_int = 0;
        // SAFETY: a live connection; null asks for the number only.
        let answer = unsafe { sys::virNodeGetMemoryStats(self.conn(), cell, ptr::null_mut(), &raw mut count, 0) };
        check(answer, "virNodeGetMemoryStats")?;
        let room = usize::try_from(count).unwrap_or(0);
        // SAFETY: plain data for which all zeroes is a value.
        let mut stats: Vec<sys::virNodeMemoryStats> = vec![unsafe { std::mem::zeroed() }; room];
        // SAFETY: a live connection and room for `count`.
        let answer = unsafe { sys::virNodeGetMemoryStats(self.conn(), cell, stats.as_mut_ptr(), &raw mut count, 0) };
        check(answer, "virNodeGetMemoryStats")?;
        // SAFETY: each name ends with a NUL within its 80 bytes.
        Ok(stats.iter().filter_map(|stat| unsafe { named(stat.field.as_ptr(), stat.value) }).collect())
    }

    /// Free memory of each NUMA node, bytes (`virNodeGetCellsFreeMemory`).
    pub fn cells_free_memory(&mut self) -> Result<Vec<u64>> {
        let mut cells: Vec<c_ulonglong> = vec![0; MAX_CELLS];
        let room = c_int::try_from(MAX_CELLS).unwrap_or(c_int::MAX);
        // SAFETY: a live connection and that much room.
        let answer = unsafe { sys::virNodeGetCellsFreeMemory(self.conn(), cells.as_mut_ptr(), 0, room) };
        let filled = check(answer, "virNodeGetCellsFreeMemory")?;
        cells.truncate(usize::try_from(filled).unwrap_or(0));
        Ok(cells)
    }

    /// The CPU models that libvirt knows for an architecture (`virConnectGetCPUModelNames`).
    pub fn cpu_models(&mut self, arch: &str) -> Result<Vec<String>> {
        let text = arg(arch)?;
        let mut array: *mut *mut c_char = ptr::null_mut();
        // SAFETY: a live connection, a NUL-terminated name and a place for the array.
        let answer = unsafe { sys::virConnectGetCPUModelNames(self.conn(), text.as_ptr(), &raw mut array, 0) };
        let count = usize::try_from(check(answer, "virConnectGetCPUModelNames")?).unwrap_or(0);
        let mut models = Vec::with_capacity(count);
        for i in 0..count {
            // SAFETY: libvirt filled `count` texts, each ours to free.
            models.push(unsafe { taken(*array.add(i), "virConnectGetCPUModelNames") }?);
        }
        // SAFETY: the array itself is malloc'ed for the caller.
        unsafe { libc::free(array.cast()) };
        Ok(models)
    }

    /// How the host's CPU compares to a `<cpu>` or to capabilities XML (`virConnectCompareCPU`).
    pub fn compare_cpu(&mut self, xml: &str) -> Result<&'static str> {
        let text = arg(xml)?;
        // SAFETY: a live connection and NUL-terminated XML.
        let answer = unsafe { sys::virConnectCompareCPU(self.conn(), text.as_ptr(), 0) };
        if answer == sys::VIR_CPU_COMPARE_ERROR {
            return Err(Error::last("virConnectCompareCPU"));
        }
        Ok(word(&["incompatible", "identical", "superset"], answer))
    }

    /// The CPU that all of these hosts have (`virConnectBaselineCPU`).
    pub fn baseline_cpu(&mut self, cpus: &[String]) -> Result<String> {
        let texts = cpus.iter().map(|xml| arg(xml)).collect::<Result<Vec<CString>>>()?;
        let mut pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = c_uint::try_from(pointers.len()).unwrap_or(c_uint::MAX);
        // SAFETY: a live connection and that many NUL-terminated texts, which live; the answer is ours to free.
        unsafe {
            let xml = sys::virConnectBaselineCPU(self.conn(), pointers.as_mut_ptr(), count, 0);
            taken(xml, "virConnectBaselineCPU")
        }
    }
}

/// # Safety
/// `name` is a NUL-terminated text.
unsafe fn named(name: *const c_char, value: c_ulonglong) -> Option<Param> {
    // SAFETY: passed on to the caller.
    Some(Param { name: unsafe { borrowed(name) }?, value: Value::Ullong(value) })
}
