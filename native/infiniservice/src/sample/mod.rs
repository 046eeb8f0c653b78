//! What the guest is doing, from `/proc` and `/sys`. A file that is missing or odd costs its own numbers only.

mod cpu;
mod disk;
mod memory;
mod network;
mod process;
mod system;

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use infiniservice_protocol::{Metrics, MetricsData, System, rfc3339};

use cpu::CpuTimes;
use disk::IoCounters;
use process::ProcessTimes;

/// Takes samples; rates are over the time since the one before.
pub struct Sampler {
    proc_dir: PathBuf,
    sys_dir: PathBuf,
    at: Instant,
    cpu: CpuTimes,
    io: IoCounters,
    processes: ProcessTimes,
}

impl Sampler {
    /// Takes the first reading, which later ones are compared with.
    pub fn new(proc_dir: impl Into<PathBuf>, sys_dir: impl Into<PathBuf>) -> Self {
        let (proc_dir, sys_dir) = (proc_dir.into(), sys_dir.into());
        Self {
            at: Instant::now(),
            cpu: CpuTimes::read(&proc_dir),
            io: IoCounters::read(&proc_dir, &sys_dir),
            processes: ProcessTimes::read(&proc_dir),
            proc_dir,
            sys_dir,
        }
    }

    /// Reads everything and compares it with the time before.
    pub fn sample(&mut self, dropped_frames: u64) -> Metrics {
        let interval = self.at.elapsed();
        self.at = Instant::now();
        let seconds = interval.as_secs_f64().max(0.001);
        let cpu_now = CpuTimes::read(&self.proc_dir);
        let io_now = IoCounters::read(&self.proc_dir, &self.sys_dir);
        let processes_now = ProcessTimes::read(&self.proc_dir);
        let system = System::new(
            cpu_now.usage_since(&self.cpu, &self.sys_dir),
            memory::read(&self.proc_dir),
            disk::read(&self.proc_dir, io_now.rates_since(&self.io, seconds)),
            network::read(&self.proc_dir),
            system::read(&self.proc_dir),
        );
        let processes = processes_now.busiest_since(&self.processes, seconds, &self.proc_dir);
        self.cpu = cpu_now;
        self.io = io_now;
        self.processes = processes_now;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Metrics {
            timestamp: rfc3339(now.as_secs(), now.subsec_millis()),
            interval_ms: u64::try_from(interval.as_millis()).ok(),
            dropped_frames: Some(dropped_frames),
            data: MetricsData { system, processes },
        }
    }
}

/// A number with two decimals: more is noise and length.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Counters as floats, for rates.
#[allow(clippy::cast_precision_loss)]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_this_machine_is_plausible() {
        let mut sampler = Sampler::new("/proc", "/sys");
        let busy_until = Instant::now() + std::time::Duration::from_millis(300);
        let mut work = 0u64;
        while Instant::now() < busy_until {
            work = work.wrapping_mul(31).wrapping_add(7);
        }
        std::hint::black_box(work);
        let metrics = sampler.sample(0);
        let data = &metrics.data;
        assert!((0.0..=100.0).contains(&data.system.cpu.usage_percent));
        assert!(!data.system.cpu.cores_usage.is_empty());
        assert!(data.system.memory.total_kb > data.system.memory.available_kb);
        assert!(data.system.system.uptime_seconds > 0 && !data.system.system.hostname.is_empty());
        assert!(data.processes.len() <= 20);
        let own = data.processes.iter().find(|p| p.pid == std::process::id());
        assert!(own.is_some_and(|p| p.cpu_percent > 10.0), "the busy test itself is among the busiest: {own:?}");
    }

    #[test]
    fn a_machine_without_proc_gives_an_empty_sample_not_a_failure() {
        let metrics = Sampler::new("/nonexistent", "/nonexistent").sample(3);
        assert_eq!(metrics.data.system.memory.total_kb, 0);
        assert_eq!(metrics.dropped_frames, Some(3));
        assert!(metrics.data.processes.is_empty());
    }
}
