//! The host and its hypervisor.

use std::ptr;

use libc::c_ulong;
use virt_sys as sys;

use crate::error::{Error, Result};
use crate::ffi::{borrowed, check, optional_arg, pointer, taken};
use crate::session::Session;

/// libvirt's version numbers, each `major * 1_000_000 + minor * 1_000 + release`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The libvirt of the daemon (of this process for in-process drivers).
    pub daemon: u64,
    /// The hypervisor, e.g. QEMU. 0 when the driver can't tell.
    pub hypervisor: u64,
    /// The libvirt library that this process loaded.
    pub library: u64,
}

/// The host's hardware (`virNodeGetInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// CPU model, e.g. `x86_64`.
    pub model: String,
    /// Memory in KiB.
    pub memory_kib: u64,
    /// Active logical CPUs.
    pub cpus: u32,
    /// MHz as the driver reports it; 0 when unknown.
    pub mhz: u32,
    /// NUMA nodes; 1 for unusual topologies.
    pub numa_nodes: u32,
    /// Sockets per node.
    pub sockets: u32,
    /// Cores per socket.
    pub cores: u32,
    /// Threads per core.
    pub threads: u32,
}

/// Which domain capabilities are asked for; the driver's defaults where absent.
#[derive(Debug, Clone, Default)]
pub struct CapabilityQuery {
    /// Path of the emulator.
    pub emulator: Option<String>,
    /// e.g. `x86_64`
    pub arch: Option<String>,
    /// e.g. `q35`
    pub machine: Option<String>,
    /// e.g. `kvm` or `qemu`
    pub virt_type: Option<String>,
}

impl Session {
    /// Whether the daemon answers (`virConnectIsAlive` and a real round trip).
    pub fn ping(&mut self) -> Result<()> {
        let mut version: c_ulong = 0;
        // SAFETY: a live connection and a place for the answer.
        check(unsafe { sys::virConnectGetLibVersion(self.conn(), &raw mut version) }, "virConnectGetLibVersion")
            .map(drop)
    }

    /// The host's name (`virConnectGetHostname`).
    pub fn hostname(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is ours to free.
        unsafe { taken(sys::virConnectGetHostname(self.conn()), "virConnectGetHostname") }
    }

    /// The driver's name, e.g. `QEMU` or `TEST` (`virConnectGetType`).
    pub fn driver(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is static.
        unsafe { borrowed(sys::virConnectGetType(self.conn())) }.ok_or_else(|| Error::last("virConnectGetType"))
    }

    /// The canonical URI (`virConnectGetURI`).
    pub fn uri(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is ours to free.
        unsafe { taken(sys::virConnectGetURI(self.conn()), "virConnectGetURI") }
    }

    /// All three version numbers.
    pub fn versions(&mut self) -> Result<Versions> {
        let (mut daemon, mut hypervisor, mut library): (c_ulong, c_ulong, c_ulong) = (0, 0, 0);
        // SAFETY: a live connection and places for the answers; null asks for no driver version.
        unsafe {
            check(sys::virConnectGetLibVersion(self.conn(), &raw mut daemon), "virConnectGetLibVersion")?;
            check(sys::virConnectGetVersion(self.conn(), &raw mut hypervisor), "virConnectGetVersion")?;
            check(sys::virGetVersion(&raw mut library, ptr::null(), ptr::null_mut()), "virGetVersion")?;
        }
        Ok(Versions { daemon, hypervisor, library })
    }

    /// The host's hardware (`virNodeGetInfo`).
    pub fn node_info(&mut self) -> Result<NodeInfo> {
        // SAFETY: plain data for which all zeroes is a value.
        let mut info: sys::virNodeInfo = unsafe { std::mem::zeroed() };
        // SAFETY: a live connection and a place for the answer.
        check(unsafe { sys::virNodeGetInfo(self.conn(), &raw mut info) }, "virNodeGetInfo")?;
        // SAFETY: libvirt ends the model with a NUL within its 32 bytes.
        let model = unsafe { borrowed(info.model.as_ptr()) }.unwrap_or_default();
        Ok(NodeInfo {
            model,
            memory_kib: info.memory,
            cpus: info.cpus,
            mhz: info.mhz,
            numa_nodes: info.nodes,
            sockets: info.sockets,
            cores: info.cores,
            threads: info.threads,
        })
    }

    /// Free memory of the host in bytes (`virNodeGetFreeMemory`).
    pub fn free_memory(&mut self) -> Result<u64> {
        // SAFETY: a live connection.
        let bytes = unsafe { sys::virNodeGetFreeMemory(self.conn()) };
        if bytes == 0 { Err(Error::last("virNodeGetFreeMemory")) } else { Ok(bytes) }
    }

    /// The host's capabilities as XML (`virConnectGetCapabilities`).
    pub fn capabilities(&mut self) -> Result<String> {
        // SAFETY: a live connection; the answer is ours to free.
        unsafe { taken(sys::virConnectGetCapabilities(self.conn()), "virConnectGetCapabilities") }
    }

    /// What a domain may have on this host, as XML (`virConnectGetDomainCapabilities`).
    pub fn domain_capabilities(&mut self, query: &CapabilityQuery) -> Result<String> {
        let emulator = optional_arg(query.emulator.as_deref())?;
        let arch = optional_arg(query.arch.as_deref())?;
        let machine = optional_arg(query.machine.as_deref())?;
        let virt_type = optional_arg(query.virt_type.as_deref())?;
        // SAFETY: a live connection, each argument null or NUL-terminated; the answer is ours to free.
        unsafe {
            let xml = sys::virConnectGetDomainCapabilities(
                self.conn(),
                pointer(emulator.as_ref()),
                pointer(arch.as_ref()),
                pointer(machine.as_ref()),
                pointer(virt_type.as_ref()),
                0,
            );
            taken(xml, "virConnectGetDomainCapabilities")
        }
    }
}
