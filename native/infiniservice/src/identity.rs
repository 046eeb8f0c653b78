//! What orders this guest's messages: the boot, and a number that rises within it.

use infiniservice_protocol::{GuestFrame, GuestMessage, PROTOCOL_VERSION};

pub struct Identity {
    boot_id: String,
    seq: u64,
}

impl Identity {
    /// Numbers start at the milliseconds since boot: an agent that is restarted goes on above where it was, as long as
    /// it sends fewer than a thousand messages a second.
    pub fn of_this_boot() -> Self {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
        Self { boot_id, seq: millis_since_boot() }
    }

    /// Puts a message into the next frame.
    pub fn frame(&mut self, message: GuestMessage) -> GuestFrame {
        self.seq += 1;
        GuestFrame { v: Some(PROTOCOL_VERSION), seq: Some(self.seq), boot_id: Some(self.boot_id.clone()), message }
    }
}

fn millis_since_boot() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the answer; the clock exists on every Linux that we run on.
    if unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut now) } != 0 {
        return 0;
    }
    u64::try_from(now.tv_sec).unwrap_or(0) * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_over_a_restart_within_one_boot() {
        let seq = |identity: &mut Identity| identity.frame(GuestMessage::Ping).seq;
        let mut first = Identity::of_this_boot();
        let (a, b) = (seq(&mut first), seq(&mut first));
        std::thread::sleep(std::time::Duration::from_millis(5));
        let mut second = Identity::of_this_boot();
        assert!(a < b && b < seq(&mut second));
        assert_eq!(first.boot_id, second.boot_id);
        assert_eq!(first.boot_id.len(), 36);
    }
}
