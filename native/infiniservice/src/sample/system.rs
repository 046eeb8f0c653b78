//! Names, versions, uptime and load.

use std::fs;
use std::path::Path;

use infiniservice_protocol::{LoadAverage, OsInfo};

pub fn read(proc_dir: &Path) -> OsInfo {
    let text = |name: &str| fs::read_to_string(proc_dir.join(name)).unwrap_or_default();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let (name, os_version) = os_of(&release);
    OsInfo {
        uptime_seconds: whole_seconds(&text("uptime")),
        name,
        os_version,
        kernel_version: text("sys/kernel/osrelease").trim().to_owned(),
        hostname: text("sys/kernel/hostname").trim().to_owned(),
        load_average: load_of(&text("loadavg")),
    }
}

fn whole_seconds(uptime: &str) -> u64 {
    uptime.split('.').next().and_then(|seconds| seconds.trim().parse().ok()).unwrap_or(0)
}

fn os_of(release: &str) -> (String, String) {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    (value("NAME").unwrap_or_else(|| "Linux".to_owned()), value("VERSION_ID").unwrap_or_default())
}

fn load_of(text: &str) -> Option<LoadAverage> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<f64>);
    let mut next = || numbers.next()?.ok();
    Some(LoadAverage { load_1min: next()?, load_5min: next()?, load_15min: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_load_and_uptime_are_read() {
        let release = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";
        assert_eq!(os_of(release), ("Debian GNU/Linux".into(), "12".into()));
        assert_eq!(os_of(""), ("Linux".into(), String::new()));
        assert_eq!(
            load_of("0.5 0.25 0.1 1/2 3"),
            Some(LoadAverage { load_1min: 0.5, load_5min: 0.25, load_15min: 0.1 })
        );
        assert_eq!(load_of("x"), None);
        assert_eq!(whole_seconds("123.45 600.0"), 123);
    }
}
