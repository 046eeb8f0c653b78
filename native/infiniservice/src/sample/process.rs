//! The busiest processes, by CPU time over the interval.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use infiniservice_protocol::Process;

use super::{float, rounded};

/// Processes told of.
const MAX_PROCESSES: usize = 20;
/// Characters of a command line told of.
const MAX_COMMAND: usize = 512;

/// CPU time per process. The start time tells a process from a later one with the same number.
#[derive(Debug, Default)]
pub struct ProcessTimes {
    processes: HashMap<u32, Stat>,
    boot_time: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    name: String,
    state: char,
    parent: u32,
    ticks: u64,
    started_ticks: u64,
    resident_pages: u64,
}

impl ProcessTimes {
    pub fn read(proc_dir: &Path) -> Self {
        let entries = fs::read_dir(proc_dir).into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let stat = |pid: u32| {
            let text = fs::read(proc_dir.join(pid.to_string()).join("stat")).ok()?;
            Some((pid, Stat::parse(&String::from_utf8_lossy(&text))?))
        };
        Self { processes: pids.filter_map(stat).collect(), boot_time: boot_time(proc_dir) }
    }

    /// The busiest since `before`; of equally busy ones the larger.
    pub fn busiest_since(&self, before: &Self, seconds: f64, proc_dir: &Path) -> Vec<Process> {
        let mut ranked: Vec<(u32, u64, &Stat)> =
            self.processes.iter().map(|(pid, stat)| (*pid, before.ticks_until(*pid, stat), stat)).collect();
        ranked.sort_unstable_by_key(|(pid, ticks, stat)| (std::cmp::Reverse((*ticks, stat.resident_pages)), *pid));
        ranked.truncate(MAX_PROCESSES);
        let (tick_rate, page_kb) =
            (system_value(libc::_SC_CLK_TCK, 100), system_value(libc::_SC_PAGESIZE, 4096) / 1024);
        let described = ranked.into_iter().map(|(pid, ticks, stat)| Process {
            pid,
            ppid: Some(stat.parent),
            name: stat.name.clone(),
            exe_path: executable(proc_dir, pid),
            cmd_line: command_line(proc_dir, pid),
            cpu_percent: rounded(float(ticks) * 100.0 / float(tick_rate) / seconds),
            memory_kb: resident_kb(proc_dir, pid).unwrap_or(stat.resident_pages * page_kb),
            status: Some(status(stat.state).to_owned()),
            start_time: Some(self.boot_time + stat.started_ticks / tick_rate),
        });
        described.collect()
    }

    /// A process that is new in this interval has used all of its time in it.
    fn ticks_until(&self, pid: u32, now: &Stat) -> u64 {
        match self.processes.get(&pid) {
            Some(then) if then.started_ticks == now.started_ticks => now.ticks.saturating_sub(then.ticks),
            _ => now.ticks,
        }
    }
}

impl Stat {
    /// The name stands in parentheses and may hold any character, parentheses too: the last one ends it.
    fn parse(text: &str) -> Option<Self> {
        let (open, close) = (text.find('(')?, text.rfind(')')?);
        let fields: Vec<&str> = text.get(close + 1..)?.split_ascii_whitespace().collect();
        let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok());
        Some(Self {
            name: text.get(open + 1..close)?.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            ticks: number(11)? + number(12)?,
            started_ticks: number(19)?,
            resident_pages: number(21).unwrap_or(0),
        })
    }
}

fn status(state: char) -> &'static str {
    match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "waiting",
        'Z' => "zombie",
        'T' | 't' => "stopped",
        'I' => "idle",
        _ => "unknown",
    }
}

/// The exact resident size. The counter in `stat` is kept per thread in batches, and shows small processes far too small.
fn resident_kb(proc_dir: &Path, pid: u32) -> Option<u64> {
    let text = fs::read_to_string(proc_dir.join(pid.to_string()).join("smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Rss:")?.split_ascii_whitespace().next()?.parse().ok())
}

fn boot_time(proc_dir: &Path) -> u64 {
    let text = fs::read_to_string(proc_dir.join("stat")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()).unwrap_or(0)
}

fn executable(proc_dir: &Path, pid: u32) -> Option<String> {
    let path = fs::read_link(proc_dir.join(pid.to_string()).join("exe")).ok()?;
    Some(path.to_string_lossy().into_owned())
}

/// Arguments with blanks between them. Kernel threads have none.
fn command_line(proc_dir: &Path, pid: u32) -> Option<String> {
    let bytes = fs::read(proc_dir.join(pid.to_string()).join("cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end_matches('\0').replace('\0', " ");
    (!text.is_empty()).then(|| text.chars().take(MAX_COMMAND).collect())
}

fn system_value(name: libc::c_int, fallback: u64) -> u64 {
    // SAFETY: a plain question by number.
    u64::try_from(unsafe { libc::sysconf(name) }).ok().filter(|value| *value > 0).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &str, ticks: u64, started: u64) -> String {
        format!("7 ({name}) S 1 7 7 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {started} 1000 25 0")
    }

    fn times(text: &str) -> ProcessTimes {
        ProcessTimes { processes: Stat::parse(text).map(|s| (7, s)).into_iter().collect(), boot_time: 1000 }
    }

    #[test]
    fn a_name_may_hold_parentheses_and_blanks() {
        assert_eq!(
            Stat::parse(&stat("a) (b", 5, 9)).map(|s| (s.name, s.ticks, s.started_ticks)),
            Some(("a) (b".into(), 5, 9))
        );
        assert_eq!(Stat::parse("broken"), None);
    }

    #[test]
    fn the_size_of_a_process_is_what_it_really_has_in_memory() {
        let held = vec![1_u8; 8 << 20];
        let size = resident_kb(Path::new("/proc"), std::process::id());
        assert!(size.is_some_and(|kb| kb > 8 << 10), "{size:?} with {} bytes held", held.len());
        assert_eq!(resident_kb(Path::new("/nonexistent"), 1), None);
    }

    #[test]
    fn use_is_over_the_interval_and_a_reused_number_is_another_process() {
        let rate = system_value(libc::_SC_CLK_TCK, 100);
        let before = times(&stat("x", 1000, 5));
        let same = times(&stat("x", 1000 + rate, 5)).busiest_since(&before, 2.0, Path::new("/nonexistent"));
        assert!((same[0].cpu_percent - 50.0).abs() < 0.01);
        let other = times(&stat("y", rate, 900)).busiest_since(&before, 2.0, Path::new("/nonexistent"));
        assert!((other[0].cpu_percent - 50.0).abs() < 0.01);
    }
}
