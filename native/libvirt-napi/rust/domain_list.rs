//! Lists of domains.

use libvirt_core::ops::{domain, domain_list as core};
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::declare::{all, calls, flags};

flags! {
    /// Which domains a list holds; all when nothing is set. Of one group (`active` and `inactive`; `persistent` and
    /// `transient`; the states) any is enough, and of several groups each counts.
    DomainFilter as core::DomainFilter {
        active,
        inactive,
        persistent,
        transient,
        running,
        paused,
        shutoff,
        /// In any other state.
        other,
        /// With a managed save.
        managed_save,
        /// Starting with the daemon.
        autostart,
        has_snapshot,
        has_checkpoint,
    }
}

/// A domain in a list.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DomainRecord {
    pub uuid: String,
    pub name: String,
    /// The hypervisor's number, null while inactive.
    pub id: Option<u32>,
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    #[napi(ts_type = "DomainStateReason")]
    pub reason: &'static str,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

impl From<domain::DomainRecord> for DomainRecord {
    fn from(d: domain::DomainRecord) -> Self {
        Self {
            uuid: d.uuid.to_string(),
            name: d.name,
            id: d.id,
            state: d.state,
            reason: d.reason,
            persistent: d.persistent,
            autostart: d.autostart,
        }
    }
}

calls!(host {
    list_domains, "listDomains", (filter: DomainFilter) -> Vec<DomainRecord> = {
        let filter = filter.into();
        move |session| session.list_domains(filter).map(all)
    };
});
