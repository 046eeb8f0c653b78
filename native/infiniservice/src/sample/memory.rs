//! `/proc/meminfo`

use std::fs;
use std::path::Path;

use infiniservice_protocol::Memory;

pub fn read(proc_dir: &Path) -> Memory {
    parse(&fs::read_to_string(proc_dir.join("meminfo")).unwrap_or_default())
}

fn parse(text: &str) -> Memory {
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let total_kb = value("MemTotal").unwrap_or(0);
    // Kernels before 3.14 have no MemAvailable.
    let available_kb = value("MemAvailable").or_else(|| value("MemFree")).unwrap_or(0).min(total_kb);
    let swap_total_kb = value("SwapTotal");
    let swap_used_kb = swap_total_kb.zip(value("SwapFree")).map(|(total, free)| total.saturating_sub(free));
    Memory { total_kb, used_kb: total_kb - available_kb, available_kb, swap_total_kb, swap_used_kb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_what_is_not_available() {
        let memory =
            parse("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n");
        assert_eq!((memory.used_kb, memory.available_kb, memory.swap_used_kb), (600, 400, Some(30)));
    }
}
