//! File systems by `statvfs`, device rates from the differences of `/proc/diskstats`.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs;
use std::path::Path;

use infiniservice_protocol::{Disk, DiskIo, DiskUsage};

use super::{float, rounded};

/// `/proc/diskstats` counts sectors of 512 bytes on every device.
const SECTOR: u64 = 512;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// File systems told of; a guest with more (containers) has its frames cut to the first ones.
const MAX_FILE_SYSTEMS: usize = 32;

/// Whole devices together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IoCounters {
    reads: u64,
    read_bytes: u64,
    writes: u64,
    written_bytes: u64,
}

impl IoCounters {
    pub fn read(proc_dir: &Path, sys_dir: &Path) -> Self {
        let text = fs::read_to_string(proc_dir.join("diskstats")).unwrap_or_default();
        Self::parse(&text, |name| sys_dir.join("block").join(name).join("device").exists())
    }

    /// Partitions and stacked devices (loop, dm, md) would count the same bytes twice.
    fn parse(text: &str, is_whole_device: impl Fn(&str) -> bool) -> Self {
        let mut sum = Self::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let Some(name) = fields.get(2) else { continue };
            if !is_whole_device(name) {
                continue;
            }
            let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
            sum.reads += number(3);
            sum.read_bytes += number(5) * SECTOR;
            sum.writes += number(7);
            sum.written_bytes += number(9) * SECTOR;
        }
        sum
    }

    pub fn rates_since(&self, before: &Self, seconds: f64) -> DiskIo {
        let rate = |now: u64, then: u64| rounded(float(now.saturating_sub(then)) / seconds);
        DiskIo {
            read_bytes_per_sec: rate(self.read_bytes, before.read_bytes),
            write_bytes_per_sec: rate(self.written_bytes, before.written_bytes),
            read_ops_per_sec: rate(self.reads, before.reads),
            write_ops_per_sec: rate(self.writes, before.writes),
        }
    }
}

pub fn read(proc_dir: &Path, io_stats: DiskIo) -> Disk {
    let mounts = fs::read_to_string(proc_dir.join("mounts")).unwrap_or_default();
    let usage_stats = mounted(&mounts).into_iter().filter_map(|m| usage(&m)).take(MAX_FILE_SYSTEMS).collect();
    Disk { usage_stats, io_stats }
}

#[derive(Debug, PartialEq, Eq)]
struct Mount {
    point: String,
    filesystem: String,
}

/// The file systems that hold data: each device once, and the root whatever it is on.
fn mounted(text: &str) -> Vec<Mount> {
    let mut seen = HashSet::new();
    let mut mounts = Vec::new();
    // The last mount on a point is the one that is seen: of two on `/`, rootfs is the hidden one.
    for line in text.lines().rev() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(device), Some(point), Some(filesystem)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        // Remote file systems may hang for ever in statvfs, and are not this machine's.
        let local = device.starts_with("/dev/") || matches!(filesystem, "zfs" | "btrfs");
        let key = if point == "/" { "/" } else { device };
        if (local || point == "/") && !matches!(filesystem, "squashfs" | "iso9660") && seen.insert(key.to_owned()) {
            mounts.push(Mount { point: unescape(point), filesystem: filesystem.to_owned() });
        }
    }
    mounts.reverse();
    mounts
}

/// Blank, tab, newline and backslash are octal in `/proc/mounts`.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

fn usage(mount: &Mount) -> Option<DiskUsage> {
    let path = CString::new(mount.point.as_str()).ok()?;
    // SAFETY: plain data for which all zeroes is a value.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a NUL-terminated path and a place for the answer.
    if unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) } != 0 || stat.f_blocks == 0 {
        return None;
    }
    let gib = |blocks: u64| rounded(float(blocks) * float(stat.f_frsize) / GIB);
    Some(DiskUsage {
        mount_point: mount.point.clone(),
        total_gb: gib(stat.f_blocks),
        used_gb: gib(stat.f_blocks.saturating_sub(stat.f_bfree)),
        available_gb: gib(stat.f_bavail),
        filesystem: mount.filesystem.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_not_counted_beside_their_device() {
        let text = "254 0 vda 10 0 100 5 20 0 200 9 0 1 1\n254 1 vda1 10 0 100 5 20 0 200 9 0 1 1\n7 0 loop0 9 9 9 9 9 9 9 9\n";
        let now = IoCounters::parse(text, |name| name == "vda");
        assert_eq!(now, IoCounters { reads: 10, read_bytes: 51_200, writes: 20, written_bytes: 102_400 });
        let rates = now.rates_since(&IoCounters::default(), 2.0);
        assert!((rates.write_bytes_per_sec - 51_200.0).abs() < 0.01);
    }

    #[test]
    fn each_device_once_the_root_always_and_nothing_remote() {
        let text = "rootfs / rootfs rw 0 0\n/dev/vda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vdb /data\\040disk xfs rw 0 0\n\
                    /dev/vdb /bind xfs rw 0 0\nnas:/x /nas nfs rw 0 0\n";
        let points: Vec<_> = mounted(text).into_iter().map(|m| (m.point, m.filesystem)).collect();
        assert_eq!(points, [("/".into(), "ext4".into()), ("/bind".to_owned(), "xfs".to_owned())]);
    }
}
