//! The host itself: its tables, pages, security and sleep.

use libvirt_core::ops::connection as core;
use libvirt_core::ops::host_machine;

use crate::connection::{CapabilityQuery, NativeConnection, number};
use crate::declare::{calls, record};
use crate::domain_save::sleep_target;
use crate::number::{Count, Uint32, integers, whole};
use crate::parameters::{TypedParameter, from_javascript, to_javascript};

record! {
    /// How the link to the daemon is kept.
    LinkSecurity from host_machine::LinkSecurity {
        /// Nobody can listen: encrypted, or never leaves the host.
        secure: bool = r.secure,
        encrypted: bool = r.encrypted,
    } by r
}

record! {
    /// The host's security driver.
    SecurityModel from host_machine::SecurityModel {
        /// e.g. `selinux`; empty for none.
        model: String = r.model,
        /// What its labels mean.
        interpretation: String = r.interpretation,
    } by r
}

/// Huge pages of one size to be kept ready.
#[napi_derive::napi(object, object_to_js = false)]
pub struct PageCount {
    /// Of one page.
    pub size_kib: Uint32,
    pub count: f64,
}

impl From<CapabilityQuery> for core::CapabilityQuery {
    fn from(CapabilityQuery { emulator, arch, machine, virt_type }: CapabilityQuery) -> Self {
        Self { emulator, arch, machine, virt_type }
    }
}

fn pages_of(pages: &[PageCount]) -> napi::Result<Vec<host_machine::PageCount>> {
    let page = |page: &PageCount| {
        Ok(host_machine::PageCount { size_kib: page.size_kib.0, count: whole(page.count, "count")? })
    };
    pages.iter().map(page).collect()
}

calls!(host {
    system_info, "systemInfo", () -> String = libvirt_core::Session::system_info;
    link_security, "linkSecurity", () -> LinkSecurity = libvirt_core::Session::link_security;
    compare_hypervisor_cpu, "compareHypervisorCpu", (xml: String, query: CapabilityQuery) -> String = {
        let query = query.into();
        move |session| session.compare_hypervisor_cpu(&query, &xml).map(str::to_owned)
    };
    baseline_hypervisor_cpu, "baselineHypervisorCpu", (cpus: Vec<String>, query: CapabilityQuery) -> String = {
        let query = query.into();
        move |session| session.baseline_hypervisor_cpu(&query, &cpus)
    };
    host_memory_parameters, "hostMemoryParameters", () -> Vec<TypedParameter> =
        |session| session.host_memory_parameters().map(to_javascript);
    set_host_memory_parameters, "setHostMemoryParameters", (parameters: Vec<TypedParameter>) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session| session.set_host_memory_parameters(&parameters)
    };
    free_pages, "freePages", (sizes_kib: Vec<Uint32>, first_cell: Count, cells: Uint32) -> Vec<Vec<f64>> =
        move |session| {
            let nodes = session.free_pages(&integers(&sizes_kib), first_cell.0, cells.0)?;
        Ok(nodes.into_iter().map(|node| node.into_iter().map(number).collect()).collect::<Vec<Vec<f64>>>())
    };
    allocate_pages, "allocatePages", (pages: Vec<PageCount>, cell: Option<Count>, add: bool) -> u32 = {
        let pages = pages_of(&pages)?;
        move |session| session.allocate_pages(&pages, cell.map(|cell| cell.0), add)
    };
    sev_info, "sevInfo", () -> Vec<TypedParameter> = |session| session.sev_info().map(to_javascript);
    security_model, "securityModel", () -> SecurityModel = libvirt_core::Session::security_model;
    suspend_host, "suspendHost", (target: String, seconds: f64) -> () = {
        let (target, seconds) = (sleep_target(&target)?, whole(seconds, "seconds")?);
        move |session| session.suspend_host(target, seconds)
    };
});
