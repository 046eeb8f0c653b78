//! Domains: what they are and how they do, dumps and what a saved state says.

use libvirt_core::ops::{domain_diagnostics as core, domain_dump};
use libvirt_core::{Session, Uuid};
use napi::bindgen_prelude::Buffer;

use crate::connection::{NativeConnection, number};
use crate::declare::{all, calls, flags, record};
use crate::domain::Affect;
use crate::domain::ObjectName;
use crate::domain_save::SaveFlags;
use crate::number::{Int32, Uint32, signed, whole};
use crate::parameters::{TypedParameter, from_javascript, to_javascript};

record! {
    /// How the hypervisor's own process does.
    ControlInfo from core::ControlInfo {
        /// `ok`, `job`, `occupied` (for a call that has to wait) or `error`
        state: String = r.state.to_owned(),
        /// Why, for `error`: `none`, `unknown`, `monitor` or `internal`.
        details: String = r.details.to_owned(),
        /// How long it has been so.
        since_ms: f64 = number(r.since_ms),
    } by r
}

record! {
    /// A label of a security driver.
    SecurityLabel from core::SecurityLabel {
        label: String = r.label,
        enforcing: bool = r.enforcing,
    } by r
}

record! {
    /// CPU time of a domain, under libvirt's names: `cpu_time`, `user_time`, `system_time`, `vcpu_time`, ns.
    NativeCpuUsage from core::CpuUsage {
        total: Vec<TypedParameter> = to_javascript(r.total),
        /// By host CPU.
        per_cpu: Vec<Vec<TypedParameter>> = r.per_cpu.into_iter().map(to_javascript).collect(),
    } by r
}

record! {
    /// A disk with an error.
    DiskError from (String, &'static str) {
        /// e.g. `vda`
        disk: String = r.0,
        /// `unspecified` or `no-space`
        error: String = r.1.to_owned(),
    } by r
}

flags! {
    /// How a core dump is taken; the domain stands still meanwhile unless `live` is set.
    DumpFlags as domain_dump::DumpFlags {
        /// It runs on.
        live,
        /// It is off afterwards.
        crash,
        /// It is reset afterwards.
        reset,
        /// Past the page cache.
        bypass_cache,
        /// The guest's memory without the state of devices.
        memory_only,
    }
}

calls!(domain {
    is_domain_updated, "isDomainUpdated", () -> bool = Session::is_domain_updated;
    os_type, "osType", () -> String = Session::os_type;
    control_info, "controlInfo", () -> ControlInfo = Session::control_info;
    domain_messages, "domainMessages", () -> Vec<String> = Session::domain_messages;
    security_labels, "securityLabels", () -> Vec<SecurityLabel> =
        |session: &mut Session, uuid: Uuid| session.security_labels(uuid).map(all);
    launch_security, "launchSecurity", () -> Vec<TypedParameter> =
        |session: &mut Session, uuid: Uuid| session.launch_security(uuid).map(to_javascript);
    set_launch_security, "setLaunchSecurity", (parameters: Vec<TypedParameter>) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.set_launch_security(uuid, &parameters)
    };
    cpu_usage, "cpuUsage", () -> NativeCpuUsage = Session::cpu_usage;
    disk_errors, "diskErrors", () -> Vec<DiskError> =
        |session: &mut Session, uuid: Uuid| session.disk_errors(uuid).map(all);
    perf_events, "perfEvents", (affect: Affect) -> Vec<TypedParameter> =
        move |session: &mut Session, uuid: Uuid| session.perf_events(uuid, affect.into()).map(to_javascript);
    set_perf_events, "setPerfEvents", (parameters: Vec<TypedParameter>, affect: Affect) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.set_perf_events(uuid, &parameters, affect.into())
    };
    interface_tune, "interfaceTune", (device: String, affect: Affect) -> Vec<TypedParameter> =
        move |session: &mut Session, uuid: Uuid| session.interface_tune(uuid, &device, affect.into()).map(to_javascript);
    set_interface_tune, "setInterfaceTune", (
        device: String,
        parameters: Vec<TypedParameter>,
        affect: Affect
    ) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.set_interface_tune(uuid, &device, &parameters, affect.into())
    };
    peek_memory, "peekMemory", (start: f64, length: Uint32, physical: bool) -> Buffer = {
        let start = whole(start, "start")?;
        move |session: &mut Session, uuid: Uuid| session.peek_memory(uuid, start, length.0, physical)
    };
    peek_disk, "peekDisk", (disk: String, offset: f64, length: Uint32) -> Buffer = {
        let offset = whole(offset, "offset")?;
        move |session: &mut Session, uuid: Uuid| session.peek_disk(uuid, &disk, offset, length.0)
    };
    start_dirty_rate, "startDirtyRate", (seconds: Int32) -> () =
        move |session: &mut Session, uuid: Uuid| session.start_dirty_rate(uuid, seconds.0);
    monitor_command, "monitorCommand", (command: String, human: bool) -> String =
        move |session: &mut Session, uuid: Uuid| session.monitor_command(uuid, &command, human);
    dump_core, "dumpCore", (path: String, format: String, flags: DumpFlags) -> () =
        move |session: &mut Session, uuid: Uuid| session.dump_core(uuid, &path, &format, flags.into());
    inject_nmi, "injectNmi", () -> () = Session::inject_nmi;
    signal_process, "signalProcess", (pid: f64, signal: Uint32) -> () = {
        let pid = signed(pid, "pid")?;
        move |session: &mut Session, uuid: Uuid| session.signal_process(uuid, pid, signal.0)
    };
    set_block_threshold, "setBlockThreshold", (disk: String, bytes: f64) -> () = {
        let bytes = whole(bytes, "threshold")?;
        move |session: &mut Session, uuid: Uuid| session.set_block_threshold(uuid, &disk, bytes)
    };
    set_lifecycle_action, "setLifecycleAction", (when: String, action: String, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_lifecycle_action(uuid, &when, &action, affect.into());
    set_memory_stats_period, "setMemoryStatsPeriod", (seconds: Int32, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_memory_stats_period(uuid, seconds.0, affect.into());
    managed_save_xml, "managedSaveXml", (secure: bool) -> String =
        move |session: &mut Session, uuid: Uuid| session.managed_save_xml(uuid, secure);
    set_managed_save_xml, "setManagedSaveXml", (xml: String, flags: SaveFlags) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_managed_save_xml(uuid, &xml, flags.into());
});

calls!(host {
    find_domain_by_id, "lookupDomain", (id: Int32) -> ObjectName =
        move |session| session.find_domain_by_id(id.0);
    max_vcpus, "maxVcpus", (kind: Option<String>) -> u32 = move |session| session.max_vcpus(kind.as_deref());
    convert_domain_xml, "convertDomainXml", (format: String, config: String, to_native: bool) -> String =
        move |session| session.convert_domain_xml(&format, &config, to_native);
    saved_xml, "savedXml", (path: String, secure: bool) -> String = move |session| session.saved_xml(&path, secure);
    set_saved_xml, "setSavedXml", (path: String, xml: String, flags: SaveFlags) -> () =
        move |session| session.set_saved_xml(&path, &xml, flags.into());
});
