//! What JavaScript sees of domains.

use std::collections::HashMap;

use libvirt_core::ops::{domain, domain_devices, domain_stats};
use napi_derive::napi;
use serde::Serialize;

use crate::connection::number;

/// What names an object.
#[napi(object, object_from_js = false)]
pub struct ObjectName {
    pub uuid: String,
    pub name: String,
}

/// A domain in a list.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DomainRecord {
    pub uuid: String,
    pub name: String,
    /// The hypervisor's number, null while inactive.
    pub id: Option<u32>,
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    #[napi(ts_type = "DomainStateReason")]
    pub reason: &'static str,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

/// State with its reason.
#[napi(object, object_from_js = false)]
pub struct DomainState {
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    #[napi(ts_type = "DomainStateReason")]
    pub reason: &'static str,
}

/// `virDomainGetInfo`
#[napi(object, object_from_js = false)]
pub struct DomainInfo {
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    /// Memory that it may have, KiB.
    pub max_memory_kib: f64,
    /// Memory that it has, KiB.
    pub memory_kib: f64,
    pub vcpus: u32,
    /// CPU time used, nanoseconds.
    pub cpu_time_ns: f64,
}

/// An address with its prefix length in bits.
#[napi(object, object_from_js = false)]
pub struct IpAddress {
    #[napi(ts_type = "'ipv4' | 'ipv6' | 'unknown'")]
    pub family: &'static str,
    pub address: String,
    pub prefix: u32,
}

/// An interface as its source sees it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct InterfaceAddresses {
    /// Name on the host (lease, arp) or in the guest (agent).
    pub name: String,
    pub mac: Option<String>,
    pub addresses: Vec<IpAddress>,
}

/// `cpu.*`, nanoseconds. A counter is absent when the driver doesn't have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct CpuStats {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_ns: Option<f64>,
}

/// `balloon.*`, KiB. Absent: not told by the driver or the guest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct BalloonStats {
    /// What the guest has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_kib: Option<f64>,
    /// What it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_kib: Option<f64>,
    /// Resident memory of its process on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_kib: Option<f64>,
    /// Free in the guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_kib: Option<f64>,
    /// Usable in the guest without swapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usable_kib: Option<f64>,
    /// Usable in all, as the guest sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_kib: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_in_kib: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_out_kib: Option<f64>,
}

/// `vcpu.<index>.*`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct VcpuStats {
    pub index: u32,
    #[napi(ts_type = "'offline' | 'running' | 'blocked' | 'unknown'")]
    pub state: &'static str,
    /// CPU time, nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ns: Option<f64>,
    /// Time spent waiting for a host CPU, nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ns: Option<f64>,
}

/// `net.<n>.*`, counted from the guest's side.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct NetStats {
    /// Name of the tap on the host.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_packets: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_errors: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_dropped: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_packets: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_errors: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_dropped: Option<f64>,
}

/// `block.<n>.*`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct BlockStats {
    /// Target, e.g. `vda`.
    pub name: String,
    /// Source file or device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_requests: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_time_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_requests: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_time_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flush_requests: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<f64>,
    /// Highest written offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_bytes: Option<f64>,
    /// Size that the guest sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<f64>,
    /// Size of its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_bytes: Option<f64>,
}

/// One domain's statistics: the groups that were asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[napi(object, object_from_js = false)]
pub struct DomainStatsRecord {
    pub uuid: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[napi(ts_type = "DomainStateName")]
    pub state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[napi(ts_type = "DomainStateReason")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuStats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balloon: Option<BalloonStats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<Vec<VcpuStats>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<Vec<NetStats>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Vec<BlockStats>>,
    /// Groups `perf`, `ioThread`, `memory` and `dirtyRate`, by libvirt's own names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<HashMap<String, f64>>,
}

impl From<domain::ObjectName> for ObjectName {
    fn from(o: domain::ObjectName) -> Self {
        Self { uuid: o.uuid.to_string(), name: o.name }
    }
}

impl From<domain::DomainRecord> for DomainRecord {
    fn from(d: domain::DomainRecord) -> Self {
        Self {
            uuid: d.uuid.to_string(),
            name: d.name,
            id: d.id,
            state: d.state,
            reason: d.reason,
            persistent: d.persistent,
            autostart: d.autostart,
        }
    }
}

impl From<domain::DomainState> for DomainState {
    fn from(d: domain::DomainState) -> Self {
        Self { state: d.state, reason: d.reason }
    }
}

impl From<domain::DomainInfo> for DomainInfo {
    fn from(d: domain::DomainInfo) -> Self {
        Self {
            state: d.state,
            max_memory_kib: number(d.max_memory_kib),
            memory_kib: number(d.memory_kib),
            vcpus: d.vcpus,
            cpu_time_ns: number(d.cpu_time_ns),
        }
    }
}

impl From<domain_devices::InterfaceAddresses> for InterfaceAddresses {
    fn from(i: domain_devices::InterfaceAddresses) -> Self {
        let address =
            |a: domain_devices::IpAddress| IpAddress { family: a.family, address: a.address, prefix: a.prefix };
        Self { name: i.name, mac: i.mac, addresses: i.addresses.into_iter().map(address).collect() }
    }
}

/// Copies counters of the same names.
macro_rules! counted {
    ($target:ident from $source:expr; $($field:ident),*; $($extra:ident: $value:expr),*) => {
        $target { $($extra: $value,)* $($field: $source.$field.map(number),)* }
    };
}

impl DomainStatsRecord {
    pub fn new(s: domain_stats::DomainStats, query: domain_stats::StatsQuery) -> Self {
        let (state, reason) = s.state.unzip();
        let (cpu, balloon) = (s.cpu, s.balloon);
        let asks_other = query.perf || query.io_thread || query.memory || query.dirty_rate;
        Self {
            uuid: s.domain.uuid.to_string(),
            name: s.domain.name,
            state,
            reason,
            cpu: query.cpu.then(|| counted!(CpuStats from cpu; time_ns, user_ns, system_ns;)),
            balloon: query.balloon.then(|| {
                counted!(BalloonStats from balloon; current_kib, maximum_kib, rss_kib, unused_kib, usable_kib,
                available_kib, swap_in_kib, swap_out_kib;)
            }),
            vcpus: query.vcpu.then(|| s.vcpus.into_iter().map(VcpuStats::from).collect()),
            net: query.net.then(|| s.net.into_iter().map(NetStats::from).collect()),
            block: query.block.then(|| s.block.into_iter().map(BlockStats::from).collect()),
            other: asks_other.then(|| s.other.into_iter().map(|(name, value)| (name, number(value))).collect()),
        }
    }
}

impl From<domain_stats::VcpuStats> for VcpuStats {
    fn from(v: domain_stats::VcpuStats) -> Self {
        let state = match v.counters.state {
            Some(0) => "offline",
            Some(1) => "running",
            Some(2) => "blocked",
            _ => "unknown",
        };
        counted!(VcpuStats from v.counters; time_ns, wait_ns; index: v.index, state: state)
    }
}

impl From<domain_stats::NetStats> for NetStats {
    fn from(n: domain_stats::NetStats) -> Self {
        counted!(NetStats from n.counters; rx_bytes, rx_packets, rx_errors, rx_dropped, tx_bytes, tx_packets, tx_errors,
            tx_dropped; name: n.name)
    }
}

impl From<domain_stats::BlockStats> for BlockStats {
    fn from(b: domain_stats::BlockStats) -> Self {
        counted!(BlockStats from b.counters; read_requests, read_bytes, read_time_ns, write_requests, write_bytes,
            write_time_ns, flush_requests, errors, allocation_bytes, capacity_bytes, physical_bytes;
            name: b.name, path: b.path)
    }
}
