//! The host: its tables, memory pages, security and sleep, and CPUs as a hypervisor offers them.

use std::ffi::CString;

use libc::{c_char, c_uint};
use virt_sys as sys;

use super::connection::CapabilityQuery;
use super::domain_save::SleepTarget;
use crate::error::{Code, Error, Result};
use crate::ffi::{arg, bits, borrowed, check, optional_arg, pointer, taken};
use crate::parameters::{self, List, Param};
use crate::session::Session;
use crate::vocabulary::word;

/// How the link to the daemon is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkSecurity {
    /// Nobody can listen: encrypted, or never leaves the host.
    pub secure: bool,
    /// Encrypted.
    pub encrypted: bool,
}

/// The host's security driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityModel {
    /// e.g. `selinux`; empty for none.
    pub model: String,
    /// What its labels mean.
    pub interpretation: String,
}

/// Huge pages of one size to be kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCount {
    /// KiB of one page.
    pub size_kib: u32,
    /// How many.
    pub count: u64,
}

/// NUMA nodes and page sizes beyond this are no real host's.
const MOST: usize = 1024;

/// A CPU query's texts for C; each null where the driver's default is meant.
struct Query {
    texts: [Option<CString>; 4],
}

impl Query {
    fn of(query: &CapabilityQuery) -> Result<Self> {
        let CapabilityQuery { emulator, arch, machine, virt_type } = query;
        let text = |text: &Option<String>| optional_arg(text.as_deref());
        Ok(Self { texts: [text(emulator)?, text(arch)?, text(machine)?, text(virt_type)?] })
    }

    fn pointers(&self) -> [*const c_char; 4] {
        [0, 1, 2, 3].map(|i: usize| pointer(self.texts[i].as_ref()))
    }
}

impl Session {
    /// The host's SMBIOS tables as XML (`virConnectGetSysinfo`).
    pub fn system_info(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is ours to free.
        unsafe { taken(sys::virConnectGetSysinfo(self.conn(), 0), "virConnectGetSysinfo") }
    }

    /// How the link to the daemon is kept (`virConnectIsSecure`, `virConnectIsEncrypted`).
    pub fn link_security(&mut self) -> Result<LinkSecurity> {
        // SAFETY: a live connection.
        unsafe {
            let secure = check(sys::virConnectIsSecure(self.conn()), "virConnectIsSecure")? == 1;
            let encrypted = check(sys::virConnectIsEncrypted(self.conn()), "virConnectIsEncrypted")? == 1;
            Ok(LinkSecurity { secure, encrypted })
        }
    }

    /// How the CPU that a hypervisor offers compares to a `<cpu>` (`virConnectCompareHypervisorCPU`).
    pub fn compare_hypervisor_cpu(&mut self, query: &CapabilityQuery, xml: &str) -> Result<&'static str> {
        let (query, text) = (Query::of(query)?, arg(xml)?);
        let [emulator, arch, machine, virt_type] = query.pointers();
        // SAFETY: a live connection, texts null or NUL-terminated.
        let answer = unsafe {
            sys::virConnectCompareHypervisorCPU(self.conn(), emulator, arch, machine, virt_type, text.as_ptr(), 0)
        };
        if answer == sys::VIR_CPU_COMPARE_ERROR {
            return Err(Error::last("virConnectCompareHypervisorCPU"));
        }
        Ok(word(&["incompatible", "identical", "superset"], answer))
    }

    /// The CPU that a hypervisor offers on all of these hosts (`virConnectBaselineHypervisorCPU`).
    pub fn baseline_hypervisor_cpu(&mut self, query: &CapabilityQuery, cpus: &[String]) -> Result<String> {
        let query = Query::of(query)?;
        let [emulator, arch, machine, virt_type] = query.pointers();
        let texts = cpus.iter().map(|xml| arg(xml)).collect::<Result<Vec<CString>>>()?;
        let mut cpus: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let (array, count) = (cpus.as_mut_ptr(), c_uint::try_from(texts.len()).unwrap_or(c_uint::MAX));
        // SAFETY: a live connection, texts null or NUL-terminated, an array of that many; the answer is ours to free.
        unsafe {
            let xml =
                sys::virConnectBaselineHypervisorCPU(self.conn(), emulator, arch, machine, virt_type, array, count, 0);
            taken(xml, "virConnectBaselineHypervisorCPU")
        }
    }

    /// How the host shares equal memory pages (`virNodeGetMemoryParameters`).
    pub fn host_memory_parameters(&mut self) -> Result<Vec<Param>> {
        let conn = self.conn();
        // SAFETY: a live connection; the array has the room that the count says.
        parameters::counted("virNodeGetMemoryParameters", |array, count| unsafe {
            sys::virNodeGetMemoryParameters(conn, array, count, 0)
        })
    }

    /// Sets it (`virNodeSetMemoryParameters`).
    pub fn set_host_memory_parameters(&mut self, params: &[Param]) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live connection and a list that lives.
        let answer = unsafe { sys::virNodeSetMemoryParameters(self.conn(), list.as_ptr(), list.len(), 0) };
        check(answer, "virNodeSetMemoryParameters").map(drop)
    }

    /// Free pages of these sizes in KiB, by NUMA node from `first_cell` on, and in it in the order of the sizes
    /// (`virNodeGetFreePages`).
    pub fn free_pages(&mut self, sizes: &[u32], first_cell: u32, cells: u32) -> Result<Vec<Vec<u64>>> {
        const CALL: &str = "virNodeGetFreePages";
        if sizes.is_empty() || sizes.len() > MOST || cells == 0 || cells as usize > MOST {
            return Err(Error::own(Code::InvalidArg, CALL, "1 to 1024 sizes and nodes are asked for"));
        }
        let mut pages = sizes.to_vec();
        let mut counts = vec![0u64; sizes.len() * cells as usize];
        let (npages, first) = (c_uint::try_from(sizes.len()).unwrap_or(0), first_cell.cast_signed());
        let (sizes_at, counts_at) = (pages.as_mut_ptr(), counts.as_mut_ptr());
        // SAFETY: a live connection, that many sizes and room for as many counts per node.
        let filled = unsafe { sys::virNodeGetFreePages(self.conn(), npages, sizes_at, first, cells, counts_at, 0) };
        counts.truncate(usize::try_from(check(filled, CALL)?).unwrap_or(0));
        Ok(counts.chunks(sizes.len()).map(<[u64]>::to_vec).collect())
    }

    /// Keeps huge pages ready on a NUMA node or the host as a whole, more of them with `add` or just so many (`virNodeAllocPages`).
    pub fn allocate_pages(&mut self, pages: &[PageCount], cell: Option<u32>, add: bool) -> Result<u32> {
        let mut sizes: Vec<c_uint> = pages.iter().map(|page| page.size_kib).collect();
        let mut counts: Vec<u64> = pages.iter().map(|page| page.count).collect();
        let npages = c_uint::try_from(pages.len()).unwrap_or(0);
        // The host as a whole counts as one cell before the first one.
        let first = cell.map_or(-1, u32::cast_signed);
        let flags = bits(&[(!add, sys::VIR_NODE_ALLOC_PAGES_SET)]);
        let (sizes_at, counts_at) = (sizes.as_mut_ptr(), counts.as_mut_ptr());
        // SAFETY: a live connection and two arrays of that length.
        let done = unsafe { sys::virNodeAllocPages(self.conn(), npages, sizes_at, counts_at, first, 1, flags) };
        check(done, "virNodeAllocPages").map(i32::cast_unsigned)
    }

    /// What the host's SEV offers; `OPERATION_UNSUPPORTED` without one (`virNodeGetSEVInfo`).
    pub fn sev_info(&mut self) -> Result<Vec<Param>> {
        let conn = self.conn();
        // SAFETY: a live connection and places for the answer.
        parameters::allocated("virNodeGetSEVInfo", |array, count| unsafe {
            sys::virNodeGetSEVInfo(conn, array, count, 0)
        })
    }

    /// The host's security driver (`virNodeGetSecurityModel`).
    pub fn security_model(&mut self) -> Result<SecurityModel> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut model: sys::virSecurityModel = unsafe { std::mem::zeroed() };
        // SAFETY: a live connection and a place for the answer, whose texts are NUL-terminated.
        unsafe {
            check(sys::virNodeGetSecurityModel(self.conn(), &raw mut model), "virNodeGetSecurityModel")?;
            Ok(SecurityModel {
                model: borrowed(model.model.as_ptr()).unwrap_or_default(),
                interpretation: borrowed(model.doi.as_ptr()).unwrap_or_default(),
            })
        }
    }

    /// Lets the host itself sleep for so many seconds, 60 at least (`virNodeSuspendForDuration`).
    pub fn suspend_host(&mut self, target: SleepTarget, seconds: u64) -> Result<()> {
        // SAFETY: a live connection.
        let answer = unsafe { sys::virNodeSuspendForDuration(self.conn(), target.number(), seconds, 0) };
        check(answer, "virNodeSuspendForDuration").map(drop)
    }
}
