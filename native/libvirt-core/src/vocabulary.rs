//! Words for libvirt's small numbers. A number that a table doesn't have reads `unknown`.

/// The word at a number.
pub(crate) fn word(table: &[&'static str], raw: i32) -> &'static str {
    usize::try_from(raw).ok().and_then(|i| table.get(i).copied()).unwrap_or("unknown")
}

/// `virDomainState`
pub const DOMAIN_STATES: &[&str] =
    &["nostate", "running", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended"];

const RUNNING: &[&str] = &[
    "unknown",
    "booted",
    "migrated",
    "restored",
    "from-snapshot",
    "unpaused",
    "migration-canceled",
    "save-canceled",
    "wakeup",
    "crashed",
    "postcopy",
    "postcopy-failed",
];
const PAUSED: &[&str] = &[
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "io-error",
    "watchdog",
    "from-snapshot",
    "shutting-down",
    "snapshot",
    "crashed",
    "starting-up",
    "postcopy",
    "postcopy-failed",
    "api-error",
];
const SHUTOFF: &[&str] =
    &["unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from-snapshot", "daemon"];

/// Why a domain is in a state (`virDomainRunningReason` and its siblings).
pub fn domain_reason(state: i32, reason: i32) -> &'static str {
    match word(DOMAIN_STATES, state) {
        "running" => word(RUNNING, reason),
        "paused" => word(PAUSED, reason),
        "shutdown" => word(&["unknown", "user"], reason),
        "shutoff" => word(SHUTOFF, reason),
        "crashed" => word(&["unknown", "panicked"], reason),
        _ => "unknown",
    }
}

/// `virDomainEventType`
pub const DOMAIN_EVENTS: &[&str] =
    &["defined", "undefined", "started", "suspended", "resumed", "stopped", "shutdown", "pmsuspended", "crashed"];

/// What a domain's lifecycle event adds (`virDomainEvent*DetailType`).
pub fn domain_event_detail(event: i32, detail: i32) -> &'static str {
    let table: &[&'static str] = match word(DOMAIN_EVENTS, event) {
        "defined" => &["added", "updated", "renamed", "from-snapshot"],
        "undefined" => &["removed", "renamed"],
        "started" => &["booted", "migrated", "restored", "from-snapshot", "wakeup", "recreated"],
        "suspended" => &[
            "paused",
            "migrated",
            "io-error",
            "watchdog",
            "restored",
            "from-snapshot",
            "api-error",
            "postcopy",
            "postcopy-failed",
            "guest-shutdown",
        ],
        "resumed" => &["unpaused", "migrated", "from-snapshot", "postcopy", "postcopy-failed"],
        "stopped" => &["shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from-snapshot", "recreated"],
        "shutdown" => &["finished", "guest", "host"],
        "pmsuspended" => &["memory", "disk"],
        "crashed" => &["panicked", "crashloaded"],
        _ => &[],
    };
    word(table, detail)
}

/// `virNetworkEventLifecycleType`
pub const NETWORK_EVENTS: &[&str] = &["defined", "undefined", "started", "stopped"];
/// `virStoragePoolState`
pub const POOL_STATES: &[&str] = &["inactive", "building", "running", "degraded", "inaccessible"];
/// `virDomainJobType`
pub const JOB_TYPES: &[&str] = &["none", "bounded", "unbounded", "completed", "failed", "cancelled"];
/// `virDomainBlockJobType`
pub const BLOCK_JOB_TYPES: &[&str] = &["unknown", "pull", "copy", "commit", "active-commit", "backup"];
/// `virStorageVolType`
pub const VOLUME_TYPES: &[&str] = &["file", "block", "dir", "network", "netdir", "ploop"];

/// `virSecretUsageType`
pub const SECRET_USAGES: &[&str] = &["none", "volume", "ceph", "iscsi", "tls", "vtpm"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_newer_libvirt_read_unknown() {
        assert_eq!(word(DOMAIN_STATES, 99), "unknown");
        assert_eq!(word(DOMAIN_STATES, -1), "unknown");
        assert_eq!(domain_reason(1, 99), "unknown");
        assert_eq!(domain_event_detail(5, 0), "shutdown");
        assert_eq!(domain_reason(5, 2), "destroyed");
    }
}
