//! Statistics of all domains in one call (`virConnectGetAllDomainStats`), decoded into records.

use std::ffi::CStr;
use std::ptr;

use virt_sys as sys;

use super::domain::{ObjectName, reference_of};
use crate::error::Result;
use crate::ffi::{bits, borrowed, check};
use crate::session::Session;
use crate::vocabulary::{DOMAIN_STATES, domain_reason, word};

/// Which groups are asked for. `state` never waits for a guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsQuery {
    /// `VIR_DOMAIN_STATS_STATE`
    pub state: bool,
    /// `VIR_DOMAIN_STATS_CPU_TOTAL`
    pub cpu: bool,
    /// `VIR_DOMAIN_STATS_BALLOON`
    pub balloon: bool,
    /// `VIR_DOMAIN_STATS_VCPU`
    pub vcpu: bool,
    /// `VIR_DOMAIN_STATS_INTERFACE`
    pub net: bool,
    /// `VIR_DOMAIN_STATS_BLOCK`
    pub block: bool,
    /// `VIR_DOMAIN_STATS_PERF`
    pub perf: bool,
    /// `VIR_DOMAIN_STATS_IOTHREAD`
    pub io_thread: bool,
    /// `VIR_DOMAIN_STATS_MEMORY`
    pub memory: bool,
    /// `VIR_DOMAIN_STATS_DIRTYRATE`
    pub dirty_rate: bool,
    /// Only active domains.
    pub active_only: bool,
    /// Leave out what would wait for a guest that doesn't answer.
    pub no_wait: bool,
}

impl StatsQuery {
    /// Whether a guest that hangs may hold it up.
    pub fn may_wait_for_guests(self) -> bool {
        let state_only = Self { state: true, active_only: self.active_only, ..Self::default() };
        !self.no_wait && self != state_only
    }
}

/// One domain's statistics. A group that was not asked for or that the driver doesn't have is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainStats {
    /// The domain.
    pub domain: ObjectName,
    /// State and reason.
    pub state: Option<(&'static str, &'static str)>,
    /// CPU time, nanoseconds.
    pub cpu: CpuStats,
    /// Memory, KiB.
    pub balloon: BalloonStats,
    /// Per virtual CPU.
    pub vcpus: Vec<VcpuStats>,
    /// Per interface.
    pub net: Vec<NetStats>,
    /// Per disk.
    pub block: Vec<BlockStats>,
    /// Groups `perf`, `iothread`, `memory` and `dirtyrate`, by libvirt's own names.
    pub other: Vec<(String, u64)>,
}

macro_rules! counters {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: Option<u64>,)* }

        impl $name {
            fn take(&mut self, key: &str, value: u64) {
                match key {
                    $($key => self.$field = Some(value),)*
                    _ => {}
                }
            }
        }
    };
}

counters!(
    /// `cpu.*`
    CpuStats {
        /// All of it, ns.
        time_ns = "time",
        /// In user mode, ns.
        user_ns = "user",
        /// In the kernel, ns.
        system_ns = "system",
    }
);
counters!(
    /// `balloon.*`, KiB
    BalloonStats {
        /// What the guest has.
        current_kib = "current",
        /// What it may have.
        maximum_kib = "maximum",
        /// Resident memory of its process on the host.
        rss_kib = "rss",
        /// Free in the guest.
        unused_kib = "unused",
        /// Usable in the guest without swapping.
        usable_kib = "usable",
        /// Usable in all, as the guest sees it.
        available_kib = "available",
        /// Swapped in since its start.
        swap_in_kib = "swap_in",
        /// Swapped out since its start.
        swap_out_kib = "swap_out",
    }
);
counters!(
    /// `vcpu.<n>.*`
    VcpuCounters {
        /// `virVcpuState`: 0 offline, 1 running, 2 blocked.
        state = "state",
        /// CPU time, ns.
        time_ns = "time",
        /// Time spent waiting for a host CPU, ns.
        wait_ns = "wait",
    }
);
counters!(
    /// `net.<n>.*`, since the interface came up
    NetCounters {
        /// Bytes received by the guest.
        rx_bytes = "rx.bytes",
        /// Packets received.
        rx_packets = "rx.pkts",
        /// Errors on receive.
        rx_errors = "rx.errs",
        /// Dropped on receive.
        rx_dropped = "rx.drop",
        /// Bytes sent by the guest.
        tx_bytes = "tx.bytes",
        /// Packets sent.
        tx_packets = "tx.pkts",
        /// Errors on send.
        tx_errors = "tx.errs",
        /// Dropped on send.
        tx_dropped = "tx.drop",
    }
);
counters!(
    /// `block.<n>.*`
    BlockCounters {
        /// Read requests.
        read_requests = "rd.reqs",
        /// Bytes read.
        read_bytes = "rd.bytes",
        /// Time spent reading, ns.
        read_time_ns = "rd.times",
        /// Write requests.
        write_requests = "wr.reqs",
        /// Bytes written.
        write_bytes = "wr.bytes",
        /// Time spent writing, ns.
        write_time_ns = "wr.times",
        /// Flush requests.
        flush_requests = "fl.reqs",
        /// Errors.
        errors = "errors",
        /// Highest written offset, bytes.
        allocation_bytes = "allocation",
        /// Size that the guest sees, bytes.
        capacity_bytes = "capacity",
        /// Size of its file, bytes.
        physical_bytes = "physical",
    }
);

/// A virtual CPU and its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VcpuStats {
    /// Its number in the guest.
    pub index: u32,
    /// Its counters.
    pub counters: VcpuCounters,
}

/// An interface and its host-side name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetStats {
    /// Name of the tap on the host.
    pub name: String,
    /// Its counters.
    pub counters: NetCounters,
}

/// A disk and its target name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockStats {
    /// Target, e.g. `vda`.
    pub name: String,
    /// Source file or device.
    pub path: Option<String>,
    /// Its counters.
    pub counters: BlockCounters,
}

enum Value {
    Number(u64),
    Text(String),
}

impl Session {
    /// Statistics of every domain in one call.
    pub fn all_domain_stats(&mut self, query: StatsQuery) -> Result<Vec<DomainStats>> {
        let groups = bits(&[
            (query.state, sys::VIR_DOMAIN_STATS_STATE),
            (query.cpu, sys::VIR_DOMAIN_STATS_CPU_TOTAL),
            (query.balloon, sys::VIR_DOMAIN_STATS_BALLOON),
            (query.vcpu, sys::VIR_DOMAIN_STATS_VCPU),
            (query.net, sys::VIR_DOMAIN_STATS_INTERFACE),
            (query.block, sys::VIR_DOMAIN_STATS_BLOCK),
            (query.perf, sys::VIR_DOMAIN_STATS_PERF),
            (query.io_thread, sys::VIR_DOMAIN_STATS_IOTHREAD),
            (query.memory, sys::VIR_DOMAIN_STATS_MEMORY),
            (query.dirty_rate, sys::VIR_DOMAIN_STATS_DIRTYRATE),
        ]);
        let flags = bits(&[
            (query.active_only, sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE),
            (query.no_wait, sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT),
        ]);
        let mut array: *mut sys::virDomainStatsRecordPtr = ptr::null_mut();
        // SAFETY: a live connection and a place for the array.
        let answer = unsafe { sys::virConnectGetAllDomainStats(self.conn(), groups, &raw mut array, flags) };
        let count = usize::try_from(check(answer, "virConnectGetAllDomainStats")?).unwrap_or(0);
        let records = Records(array);
        // SAFETY: libvirt filled `count` records, which live until the list is freed.
        let stats = (0..count).map(|i| unsafe { read_record(&**records.0.add(i)) }).collect();
        self.free_later(records);
        stats
    }
}

/// The list that libvirt made.
struct Records(*mut sys::virDomainStatsRecordPtr);

// SAFETY: owned; libvirt's objects may be freed on any thread.
unsafe impl Send for Records {}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: the list is ours and freed once.
        unsafe { sys::virDomainStatsRecordListFree(self.0) };
    }
}

/// # Safety
/// `raw` is a record that libvirt filled and that is not freed yet.
unsafe fn read_record(raw: &sys::virDomainStatsRecord) -> Result<DomainStats> {
    let mut stats = DomainStats {
        domain: reference_of(raw.dom)?,
        state: None,
        cpu: CpuStats::default(),
        balloon: BalloonStats::default(),
        vcpus: Vec::new(),
        net: Vec::new(),
        block: Vec::new(),
        other: Vec::new(),
    };
    let mut condition = (None, 0);
    for i in 0..usize::try_from(raw.nparams).unwrap_or(0) {
        // SAFETY: libvirt filled `nparams` parameters.
        let param = unsafe { &*raw.params.add(i) };
        // SAFETY: the name ends with a NUL within its 80 bytes.
        let Ok(key) = (unsafe { CStr::from_ptr(param.field.as_ptr()) }).to_str() else { continue };
        // SAFETY: a filled parameter.
        let Some(value) = (unsafe { value_of(param) }) else { continue };
        match (key, &value) {
            ("state.state", Value::Number(n)) => condition.0 = i32::try_from(*n).ok(),
            ("state.reason", Value::Number(n)) => condition.1 = i32::try_from(*n).unwrap_or(-1),
            _ => place(&mut stats, key, value),
        }
    }
    // CPUs that are unplugged leave holes in the numbers.
    stats.vcpus.retain(|vcpu| vcpu.counters != VcpuCounters::default());
    stats.state = condition.0.map(|s| (word(DOMAIN_STATES, s), domain_reason(s, condition.1)));
    Ok(stats)
}

fn place(stats: &mut DomainStats, key: &str, value: Value) {
    let Some((group, rest)) = key.split_once('.') else { return };
    match (group, value) {
        ("cpu", Value::Number(n)) => stats.cpu.take(rest, n),
        ("balloon", Value::Number(n)) => stats.balloon.take(rest, n),
        ("perf" | "iothread" | "memory" | "dirtyrate", Value::Number(n)) => stats.other.push((key.to_owned(), n)),
        (_, value) => {
            let Some((index, field)) = rest.split_once('.') else { return };
            let Ok(index) = index.parse::<usize>() else { return };
            place_indexed(stats, group, index, field, value);
        }
    }
}

fn place_indexed(stats: &mut DomainStats, group: &str, index: usize, field: &str, value: Value) {
    match (group, value) {
        ("vcpu", Value::Number(n)) => {
            let slot = slot(&mut stats.vcpus, index);
            slot.index = u32::try_from(index).unwrap_or(u32::MAX);
            slot.counters.take(field, n);
        }
        ("net", Value::Number(n)) => slot(&mut stats.net, index).counters.take(field, n),
        ("net", Value::Text(text)) if field == "name" => slot(&mut stats.net, index).name = text,
        ("block", Value::Number(n)) => slot(&mut stats.block, index).counters.take(field, n),
        ("block", Value::Text(text)) if field == "name" => slot(&mut stats.block, index).name = text,
        ("block", Value::Text(text)) if field == "path" => slot(&mut stats.block, index).path = Some(text),
        _ => {}
    }
}

/// The element at an index that libvirt named; a number beyond any real guest is put into the last slot.
fn slot<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    let index = index.min(4095);
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}

/// # Safety
/// `param` was filled by libvirt.
unsafe fn value_of(param: &sys::virTypedParameter) -> Option<Value> {
    let kind = u32::try_from(param.type_).ok()?;
    // SAFETY: the type says which member is set.
    unsafe {
        match kind {
            sys::VIR_TYPED_PARAM_INT => u64::try_from(param.value.i).ok().map(Value::Number),
            sys::VIR_TYPED_PARAM_UINT => Some(Value::Number(u64::from(param.value.ui))),
            sys::VIR_TYPED_PARAM_LLONG => u64::try_from(param.value.l).ok().map(Value::Number),
            sys::VIR_TYPED_PARAM_ULLONG => Some(Value::Number(param.value.ul)),
            sys::VIR_TYPED_PARAM_BOOLEAN => Some(Value::Number(u64::from(param.value.b != 0))),
            sys::VIR_TYPED_PARAM_STRING => borrowed(param.value.s).map(Value::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uuid::Uuid;

    #[test]
    fn parameters_find_their_place_and_unknown_ones_are_left_out() {
        let mut stats = DomainStats {
            domain: ObjectName { uuid: Uuid([0; 16]), name: "vm".into() },
            state: None,
            cpu: CpuStats::default(),
            balloon: BalloonStats::default(),
            vcpus: Vec::new(),
            net: Vec::new(),
            block: Vec::new(),
            other: Vec::new(),
        };
        for (key, n) in [("cpu.time", 5), ("vcpu.1.time", 7), ("net.0.rx.bytes", 9), ("net.count", 1), ("new.thing", 3)]
        {
            place(&mut stats, key, Value::Number(n));
        }
        place(&mut stats, "net.0.name", Value::Text("vnet0".into()));
        place(&mut stats, "iothread.0.poll-max-ns", Value::Number(8));
        assert_eq!(stats.other, [("iothread.0.poll-max-ns".to_owned(), 8)]);
        assert_eq!(stats.cpu.time_ns, Some(5));
        assert_eq!(stats.vcpus.len(), 2);
        assert_eq!((stats.vcpus[1].index, stats.vcpus[1].counters.time_ns), (1, Some(7)));
        assert_eq!((stats.net[0].name.as_str(), stats.net[0].counters.rx_bytes), ("vnet0", Some(9)));
    }
}
