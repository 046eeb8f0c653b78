//! CPU use from the differences of `/proc/stat`.

use std::fs;
use std::path::Path;

use infiniservice_protocol::Cpu;

use super::{float, rounded};

/// Busy and total time of all cores together and of each, in clock ticks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuTimes {
    all: Times,
    cores: Vec<Times>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Times {
    busy: u64,
    total: u64,
}

impl CpuTimes {
    pub fn read(proc_dir: &Path) -> Self {
        Self::parse(&fs::read_to_string(proc_dir.join("stat")).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut times = Self::default();
        for line in text.lines() {
            let mut fields = line.split_ascii_whitespace();
            match fields.next() {
                Some("cpu") => times.all = Times::parse(fields),
                Some(name) if name.starts_with("cpu") => times.cores.push(Times::parse(fields)),
                _ => {}
            }
        }
        times
    }

    /// Percentages over the time since `before`. A core that came or went reads 0 once.
    pub fn usage_since(&self, before: &Self, sys_dir: &Path) -> Cpu {
        let core = |(i, now): (usize, &Times)| before.cores.get(i).map_or(0.0, |then| now.percent_since(*then));
        Cpu {
            usage_percent: self.all.percent_since(before.all),
            cores_usage: self.cores.iter().enumerate().map(core).collect(),
            temperature: temperature(sys_dir),
        }
    }
}

impl Times {
    /// Fields: user nice system idle iowait irq softirq steal; guest time is within user already.
    fn parse<'a>(fields: impl Iterator<Item = &'a str>) -> Self {
        let ticks: Vec<u64> = fields.take(8).map(|f| f.parse().unwrap_or(0)).collect();
        let total = ticks.iter().sum();
        let idle = ticks.get(3).unwrap_or(&0) + ticks.get(4).unwrap_or(&0);
        Self { busy: total - idle, total }
    }

    fn percent_since(self, before: Self) -> f64 {
        let total = self.total.saturating_sub(before.total);
        let busy = self.busy.saturating_sub(before.busy);
        if total == 0 { 0.0 } else { rounded((float(busy) * 100.0 / float(total)).clamp(0.0, 100.0)) }
    }
}

/// Of the first thermal zone; few guests have one.
fn temperature(sys_dir: &Path) -> Option<f64> {
    let text = fs::read_to_string(sys_dir.join("class/thermal/thermal_zone0/temp")).ok()?;
    text.trim().parse::<f64>().ok().map(|millidegrees| rounded(millidegrees / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_of_the_interval_and_not_since_boot() {
        let before = CpuTimes::parse("cpu 1000 0 1000 8000 0 0 0 0 0 0\ncpu0 1000 0 1000 8000 0 0 0 0\nintr 5\n");
        let now =
            CpuTimes::parse("cpu 1030 0 1020 8050 0 0 0 0 0 0\ncpu0 1030 0 1020 8050 0 0 0 0\ncpu1 9 9 9 9 9 9 9 9\n");
        let usage = now.usage_since(&before, Path::new("/nonexistent"));
        assert!((usage.usage_percent - 50.0).abs() < 0.01);
        assert_eq!(usage.cores_usage, [50.0, 0.0]);
    }

    #[test]
    fn a_counter_that_went_back_reads_zero() {
        let before = CpuTimes::parse("cpu 100 0 0 100\n");
        assert_eq!(CpuTimes::parse("cpu 10 0 0 10\n").usage_since(&before, Path::new("/")).usage_percent.to_bits(), 0);
    }
}
