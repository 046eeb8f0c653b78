//! Domains: listing them, in a handful of calls however many there are.

use std::collections::{HashMap, HashSet};

use libc::{c_int, c_uint};
use virt_sys as sys;

use super::domain::{DomainRecord, ObjectName, reference};
use super::domain_stats::StatsQuery;
use crate::error::{Code, Result};
use crate::ffi::{Handle, check, flag_word, list, still_there};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{DOMAIN_STATES, domain_reason, word};

flag_word! {
    /// Which domains a list holds; all when nothing is set. Of one group (`active` and `inactive`; `persistent` and
    /// `transient`; the states) any is enough, and of several groups each counts.
    DomainFilter {
        /// Active ones.
        active = VIR_CONNECT_LIST_DOMAINS_ACTIVE,
        /// Inactive ones.
        inactive = VIR_CONNECT_LIST_DOMAINS_INACTIVE,
        /// Persistent ones.
        persistent = VIR_CONNECT_LIST_DOMAINS_PERSISTENT,
        /// Transient ones.
        transient = VIR_CONNECT_LIST_DOMAINS_TRANSIENT,
        /// Running ones.
        running = VIR_CONNECT_LIST_DOMAINS_RUNNING,
        /// Paused ones.
        paused = VIR_CONNECT_LIST_DOMAINS_PAUSED,
        /// Those that are off.
        shutoff = VIR_CONNECT_LIST_DOMAINS_SHUTOFF,
        /// Those in any other state.
        other = VIR_CONNECT_LIST_DOMAINS_OTHER,
        /// Those with a managed save.
        managed_save = VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE,
        /// Those that start with the daemon.
        autostart = VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
        /// Those with snapshots.
        has_snapshot = VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT,
        /// Those with checkpoints.
        has_checkpoint = VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT,
    }
}

/// What is asked of each domain on its own in lists up to this long: the calls for all cost about as much.
const FEW: usize = 2;

impl Session {
    /// All domains that the filter lets through (`virConnectListAllDomains`). Their states are read in one call, and the
    /// definitions' marks in two: a domain that changes meanwhile is told as it was at one of these moments.
    pub fn list_domains(&mut self, filter: DomainFilter) -> Result<Vec<DomainRecord>> {
        let domains = self.all_domains(filter.word())?;
        if domains.len() <= FEW {
            return still_there(&domains, Code::NoDomain, record);
        }
        let query = StatsQuery { state: true, no_wait: true, ..StatsQuery::default() };
        let states: HashMap<_, _> = match self.all_domain_stats(query) {
            Ok(stats) => stats.into_iter().filter_map(|of| Some((of.domain.uuid, of.state?))).collect(),
            // Not every driver has statistics.
            Err(error) if matches!(error.code, Code::NoSupport | Code::OperationUnsupported) => {
                return still_there(&domains, Code::NoDomain, record);
            }
            Err(error) => return Err(error),
        };
        let persistent = self.marked(sys::VIR_CONNECT_LIST_DOMAINS_PERSISTENT)?;
        let autostart = self.marked(sys::VIR_CONNECT_LIST_DOMAINS_AUTOSTART)?;
        let record = |domain: &Handle<sys::virDomain>| {
            let ObjectName { uuid, name } = reference(domain)?;
            // One that has no state is gone by now.
            let Some((state, reason)) = states.get(&uuid).copied() else { return Ok(None) };
            let (persistent, autostart) = (persistent.contains(&uuid), autostart.contains(&uuid));
            Ok(Some(DomainRecord { uuid, name, id: id_of(domain), state, reason, persistent, autostart }))
        };
        domains.iter().filter_map(|domain| record(domain).transpose()).collect()
    }

    fn all_domains(&mut self, flags: c_uint) -> Result<Vec<Handle<sys::virDomain>>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        list("virConnectListAllDomains", |array| unsafe { sys::virConnectListAllDomains(conn, array, flags) })
    }

    fn marked(&mut self, flag: c_uint) -> Result<HashSet<Uuid>> {
        self.all_domains(flag)?.iter().map(|domain| reference(domain).map(|named| named.uuid)).collect()
    }
}

fn record(domain: &Handle<sys::virDomain>) -> Result<DomainRecord> {
    let ObjectName { uuid, name } = reference(domain)?;
    let (mut state, mut reason, mut autostart): (c_int, c_int, c_int) = (0, 0, 0);
    // SAFETY: a live domain and places for the answers.
    let persistent = unsafe {
        check(sys::virDomainGetState(domain.as_ptr(), &raw mut state, &raw mut reason, 0), "virDomainGetState")?;
        // Transient domains of some drivers have no autostart: that is "no".
        if sys::virDomainGetAutostart(domain.as_ptr(), &raw mut autostart) < 0 {
            sys::virResetLastError();
        }
        check(sys::virDomainIsPersistent(domain.as_ptr()), "virDomainIsPersistent")? == 1
    };
    let (word, reason) = (word(DOMAIN_STATES, state), domain_reason(state, reason));
    let autostart = autostart == 1;
    Ok(DomainRecord { uuid, name, id: id_of(domain), state: word, reason, persistent, autostart })
}

/// The hypervisor's number of it, which the handle knows without a call.
fn id_of(domain: &Handle<sys::virDomain>) -> Option<u32> {
    // SAFETY: a live domain.
    let id = unsafe { sys::virDomainGetID(domain.as_ptr()) };
    (id != c_uint::MAX).then_some(id)
}
