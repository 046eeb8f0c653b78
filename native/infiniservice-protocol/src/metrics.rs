//! A sample of a guest. Units are in the names; counters count from the guest's boot.

use serde::{Deserialize, Serialize};

/// The `metrics` message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The guest's own time, RFC 3339. Not to be trusted for order or freshness.
    pub timestamp: String,
    /// Time since the sample before, ms; rates and percentages are over it. Absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
    /// Frames that this agent had to drop because the host didn't read. Absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_frames: Option<u64>,
    /// The sample.
    pub data: MetricsData,
}

/// The sample: the machine, and beside it its busiest processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricsData {
    /// The machine.
    pub system: System,
    /// At most 20, busiest first.
    #[serde(default)]
    pub processes: Vec<Process>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// CPUs.
    pub cpu: Cpu,
    /// Memory and swap.
    pub memory: Memory,
    /// File systems and devices.
    pub disk: Disk,
    /// Interfaces.
    pub network: Network,
    /// Names, versions, uptime, load.
    pub system: OsInfo,
    /// Where agents 0.1.1 put the processes; [`crate::decode_guest`] moves them.
    #[serde(default, skip_serializing, rename = "processes")]
    pub(crate) nested_processes: Vec<Process>,
}

impl System {
    /// A machine's sample.
    pub fn new(cpu: Cpu, memory: Memory, disk: Disk, network: Network, system: OsInfo) -> Self {
        Self { cpu, memory, disk, network, system, nested_processes: Vec::new() }
    }
}

/// CPU use over the interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Of all cores together, 0 to 100.
    pub usage_percent: f64,
    /// Of each core, 0 to 100.
    #[serde(default)]
    pub cores_usage: Vec<f64>,
    /// Degrees Celsius, where the guest knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
}

/// Memory in KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In all.
    pub total_kb: u64,
    /// Total less available.
    pub used_kb: u64,
    /// Usable without swapping.
    pub available_kb: u64,
    /// Swap in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_total_kb: Option<u64>,
    /// Swap taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_used_kb: Option<u64>,
}

/// File systems and devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Per mounted file system.
    #[serde(default)]
    pub usage_stats: Vec<DiskUsage>,
    /// All devices together.
    pub io_stats: DiskIo,
}

/// A file system, in GiB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskUsage {
    /// Where it is mounted.
    pub mount_point: String,
    /// In all.
    pub total_gb: f64,
    /// Taken.
    pub used_gb: f64,
    /// Left for ordinary users.
    pub available_gb: f64,
    /// Its type, e.g. `ext4`.
    pub filesystem: String,
}

/// Rates over the interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskIo {
    /// Bytes read a second.
    pub read_bytes_per_sec: f64,
    /// Bytes written a second.
    pub write_bytes_per_sec: f64,
    /// Reads a second.
    pub read_ops_per_sec: f64,
    /// Writes a second.
    pub write_ops_per_sec: f64,
}

/// Interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Without the loopback.
    #[serde(default)]
    pub interfaces: Vec<NetworkInterface>,
}

/// An interface and its counters since boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// e.g. `eth0`
    pub name: String,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received.
    pub packets_received: u64,
    /// Errors on receive.
    #[serde(default)]
    pub errors_in: u64,
    /// Errors on send.
    #[serde(default)]
    pub errors_out: u64,
    /// Without prefix.
    #[serde(default)]
    pub ip_addresses: Vec<String>,
    /// Up and with a carrier.
    #[serde(default)]
    pub is_up: bool,
}

/// Names, versions, uptime, load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OsInfo {
    /// Since boot.
    pub uptime_seconds: u64,
    /// e.g. `Debian GNU/Linux`
    pub name: String,
    /// e.g. `12`
    pub os_version: String,
    /// e.g. `6.1.0-41-cloud-amd64`
    pub kernel_version: String,
    /// Its own name.
    pub hostname: String,
    /// Not on Windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_average: Option<LoadAverage>,
}

/// Runnable processes, averaged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadAverage {
    /// One minute.
    pub load_1min: f64,
    /// Five minutes.
    pub load_5min: f64,
    /// Fifteen minutes.
    pub load_15min: f64,
}

/// A process. The aliases are the names that agents 0.1.1 use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Process id.
    #[serde(alias = "id")]
    pub pid: u32,
    /// Its parent's.
    #[serde(default, alias = "parent_id", skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Short name.
    pub name: String,
    /// Its program file.
    #[serde(default, alias = "executable_path", skip_serializing_if = "Option::is_none")]
    pub exe_path: Option<String>,
    /// Its command line.
    #[serde(default, alias = "command_line", skip_serializing_if = "Option::is_none")]
    pub cmd_line: Option<String>,
    /// Over the interval, 100 for one core.
    #[serde(alias = "cpu_usage_percent")]
    pub cpu_percent: f64,
    /// Resident.
    #[serde(alias = "memory_usage_kb")]
    pub memory_kb: u64,
    /// `running`, `sleeping`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<u64>,
}

impl MetricsData {
    /// Leaves out what matters least; false when nothing is left to leave out.
    pub(crate) fn shrink(&mut self) -> bool {
        let (disks, interfaces) = (&mut self.system.disk.usage_stats, &mut self.system.network.interfaces);
        if !self.processes.is_empty() {
            let keep = self.processes.len() / 2;
            self.processes.truncate(keep);
        } else if !disks.is_empty() {
            disks.truncate(disks.len() / 2);
        } else if !interfaces.is_empty() {
            interfaces.truncate(interfaces.len() / 2);
        } else {
            return false;
        }
        true
    }
}
