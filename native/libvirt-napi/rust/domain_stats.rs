//! Statistics of all domains at once.

use std::collections::HashMap;

use libvirt_core::ops::domain_stats as core;
use libvirt_core::{Code, EVERY_DOMAIN, Error, Request};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;
use serde::Serialize;

use crate::connection::{NativeConnection, deadline, number};
use crate::domain::on;
use crate::text::Text;

/// Which statistics are asked for.
#[napi(object)]
pub struct StatsQuery {
    pub state: Option<bool>,
    pub cpu: Option<bool>,
    pub balloon: Option<bool>,
    pub vcpu: Option<bool>,
    pub net: Option<bool>,
    pub block: Option<bool>,
    pub perf: Option<bool>,
    pub io_thread: Option<bool>,
    pub memory: Option<bool>,
    pub dirty_rate: Option<bool>,
    /// Only active domains.
    pub active_only: Option<bool>,
    /// Leave out what would wait for a guest that doesn't answer.
    pub no_wait: Option<bool>,
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

/// Copies counters of the same names.
macro_rules! counted {
    ($target:ident from $source:expr; $($field:ident),*; $($extra:ident: $value:expr),*) => {
        $target { $($extra: $value,)* $($field: $source.$field.map(number),)* }
    };
}

impl DomainStatsRecord {
    pub fn new(s: core::DomainStats, query: core::StatsQuery) -> Self {
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

impl From<core::VcpuStats> for VcpuStats {
    fn from(v: core::VcpuStats) -> Self {
        let state = match v.counters.state {
            Some(0) => "offline",
            Some(1) => "running",
            Some(2) => "blocked",
            _ => "unknown",
        };
        counted!(VcpuStats from v.counters; time_ns, wait_ns; index: v.index, state: state)
    }
}

impl From<core::NetStats> for NetStats {
    fn from(n: core::NetStats) -> Self {
        counted!(NetStats from n.counters; rx_bytes, rx_packets, rx_errors, rx_dropped, tx_bytes, tx_packets, tx_errors,
            tx_dropped; name: n.name)
    }
}

impl From<core::BlockStats> for BlockStats {
    fn from(b: core::BlockStats) -> Self {
        counted!(BlockStats from b.counters; read_requests, read_bytes, read_time_ns, write_requests, write_bytes,
            write_time_ns, flush_requests, errors, allocation_bytes, capacity_bytes, physical_bytes;
            name: b.name, path: b.path)
    }
}

#[napi]
impl NativeConnection {
    #[napi(ts_return_type = "Promise<string>")]
    pub fn all_domain_stats<'env>(
        &self,
        env: &'env Env,
        query: StatsQuery,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Text<String>>> {
        let query = core::StatsQuery {
            state: on(query.state),
            cpu: on(query.cpu),
            balloon: on(query.balloon),
            vcpu: on(query.vcpu),
            net: on(query.net),
            block: on(query.block),
            perf: on(query.perf),
            io_thread: on(query.io_thread),
            memory: on(query.memory),
            dirty_rate: on(query.dirty_rate),
            active_only: on(query.active_only),
            no_wait: on(query.no_wait),
        };
        let call = "allDomainStats";
        let subject = query.may_wait_for_guests().then_some(EVERY_DOMAIN);
        self.queue(env, Request { call, subject, timeout: deadline(timeout_ms) }, token, move |session| {
            let stats = session.all_domain_stats(query)?.into_iter();
            let stats: Vec<_> = stats.map(|stats| DomainStatsRecord::new(stats, query)).collect();
            serde_json::to_string(&stats).map_err(|e| Error::own(Code::InternalError, call, e.to_string()))
        })
    }
}
