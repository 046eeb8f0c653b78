//! Which domains don't answer. Pure: no thread, no clock, no libvirt.
//!
//! healthy -> suspect (one of its calls overran its deadline inside libvirt) -> quarantined (another one did, or waited
//! in vain behind it; one is enough once so many calls hang that the pool can't afford a second). A quarantined domain takes one call at a time, the probe; every other one is refused at once. It is
//! healthy again when a call that hung, or one of the same operation, is answered: an operation that never asks the
//! guest, such as reading the state, proves nothing.

use rustc_hash::FxHashMap;

use super::schedule::CallId;
use crate::error::{Code, Result};
use crate::uuid::Uuid;

/// Overdue calls that make a suspect, quarantined.
const MISSES: usize = 2;
/// Calls hung inside libvirt, in all, from which on the first makes quarantined, and a domain that holds one is not probed:
/// what hangs already is its probe.
const CROWD: usize = 6;

/// What became of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Quarantined(Uuid),
    Released(Uuid),
}

/// A domain that is not healthy.
#[derive(Default)]
struct Standing {
    misses: usize,
    quarantined: bool,
    /// Calls past their deadline that are still inside libvirt.
    hung: Vec<CallId>,
    /// Operations that hung.
    operations: Vec<&'static str>,
    probe: Option<CallId>,
}

/// A call that ended at its deadline.
#[derive(Clone, Copy)]
pub(super) struct Overdue {
    pub id: CallId,
    pub subject: Uuid,
    pub call: &'static str,
    /// It had begun: it still is inside libvirt.
    pub begun: bool,
}

#[derive(Default)]
pub(super) struct Quarantine(FxHashMap<Uuid, Standing>);

impl Quarantine {
    /// Whether a call on the domain may be taken in. On a quarantined domain the one that may becomes its probe.
    pub(super) fn admits(&mut self, subject: Uuid, id: CallId) -> bool {
        let crowded = self.is_crowded();
        match self.0.get_mut(&subject) {
            Some(standing) if standing.quarantined => {
                let admits = standing.probe.is_none() && (!crowded || standing.hung.is_empty());
                if admits {
                    standing.probe = Some(id);
                }
                admits
            }
            _ => true,
        }
    }

    /// Whether nothing is known against the domain.
    pub(super) fn is_healthy(&self, subject: Uuid) -> bool {
        !self.0.contains_key(&subject)
    }

    fn is_crowded(&self) -> bool {
        self.0.values().map(|standing| standing.hung.len()).sum::<usize>() >= CROWD
    }

    /// A call on the domain was not answered in time.
    pub(super) fn missed(&mut self, overdue: Overdue) -> Vec<Change> {
        let Overdue { id, subject, call, begun } = overdue;
        if !begun && !self.0.contains_key(&subject) {
            return Vec::new();
        }
        let standing = self.0.entry(subject).or_default();
        standing.ends_probe(id);
        if begun {
            standing.hung.push(id);
            if !standing.operations.contains(&call) {
                standing.operations.push(call);
            }
        } else if standing.hung.is_empty() {
            // It waited for a place in the pool, not behind a call that hangs.
            return Vec::new();
        }
        standing.misses += 1;
        if self.is_crowded() {
            let hanging = self.0.iter_mut().filter(|(_, standing)| !standing.hung.is_empty());
            return hanging.filter_map(|(subject, standing)| standing.quarantine(*subject)).collect();
        }
        let standing = self.0.entry(subject).or_default();
        let change = if standing.misses < MISSES { None } else { standing.quarantine(subject) };
        change.into_iter().collect()
    }

    /// A call was given up before it was answered: it probes nothing.
    pub(super) fn gave_up(&mut self, id: CallId, subject: Uuid) {
        if let Some(standing) = self.0.get_mut(&subject) {
            standing.ends_probe(id);
        }
    }

    /// A worker is through with a call; `answered` tells whether the domain had a part in it.
    pub(super) fn ended(&mut self, id: CallId, subject: Uuid, call: &'static str, answered: bool) -> Option<Change> {
        let standing = self.0.get_mut(&subject)?;
        standing.ends_probe(id);
        let hung = standing.hung.iter().position(|hung| *hung == id).map(|at| standing.hung.swap_remove(at)).is_some();
        if !answered || !(hung || standing.operations.contains(&call)) {
            return None;
        }
        let was_quarantined = standing.quarantined;
        self.0.remove(&subject);
        was_quarantined.then_some(Change::Released(subject))
    }

    /// The daemon went away, and with it everything that hung in it.
    pub(super) fn forget_all(&mut self) -> Vec<Change> {
        let all = std::mem::take(&mut self.0).into_iter();
        all.filter(|(_, standing)| standing.quarantined).map(|(subject, _)| Change::Released(subject)).collect()
    }
}

impl Standing {
    /// None when it is quarantined already.
    fn quarantine(&mut self, subject: Uuid) -> Option<Change> {
        let was = std::mem::replace(&mut self.quarantined, true);
        (!was).then_some(Change::Quarantined(subject))
    }

    fn ends_probe(&mut self, id: CallId) {
        if self.probe == Some(id) {
            self.probe = None;
        }
    }
}

/// Whether this answer came from the domain: not from a lock that nobody gave back, nor from a broken link.
pub(super) fn is_answer<T>(answer: &Result<T>) -> bool {
    !answer.as_ref().is_err_and(|error| {
        matches!(error.code, Code::OperationTimeout | Code::AgentUnresponsive | Code::Disconnected | Code::Panic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: Uuid = Uuid([7; 16]);

    fn overdue(id: CallId, begun: bool) -> Overdue {
        Overdue { id, subject: DOMAIN, call: "suspend", begun }
    }

    fn quarantined() -> Quarantine {
        let mut sut = Quarantine::default();
        assert_eq!(sut.missed(overdue(1, true)), []);
        assert_eq!(sut.missed(overdue(2, false)), [Change::Quarantined(DOMAIN)]);
        sut
    }

    #[test]
    fn one_overdue_call_makes_a_suspect_that_still_takes_calls() {
        let mut sut = Quarantine::default();
        assert_eq!(sut.missed(overdue(1, true)), []);
        assert!(sut.admits(DOMAIN, 2) && sut.admits(DOMAIN, 3));
    }

    #[test]
    fn calls_that_never_began_accuse_nobody() {
        let mut sut = Quarantine::default();
        for id in 1..10 {
            assert_eq!(sut.missed(overdue(id, false)), []);
        }
        assert!(sut.admits(DOMAIN, 10));
    }

    #[test]
    fn a_quarantined_domain_takes_one_probe_at_a_time() {
        let mut sut = quarantined();
        assert!(sut.admits(DOMAIN, 3));
        assert!(!sut.admits(DOMAIN, 4));
        assert_eq!(sut.missed(overdue(3, true)), []);
        assert!(sut.admits(DOMAIN, 5));
        sut.gave_up(5, DOMAIN);
        assert!(sut.admits(DOMAIN, 6));
        assert!(sut.admits(Uuid([8; 16]), 7));
    }

    #[test]
    fn the_probe_or_the_hung_call_itself_lifts_it() {
        for (id, call) in [(3, "suspend"), (1, "suspend"), (1, "anything")] {
            let mut sut = quarantined();
            assert_eq!(sut.ended(id, DOMAIN, call, true), Some(Change::Released(DOMAIN)));
            assert!(sut.admits(DOMAIN, 8) && sut.admits(DOMAIN, 9));
        }
    }

    #[test]
    fn neither_another_operation_nor_an_unanswered_probe_lifts_it() {
        let mut sut = quarantined();
        assert!(sut.admits(DOMAIN, 3));
        assert_eq!(sut.ended(3, DOMAIN, "domainState", true), None);
        assert!(sut.admits(DOMAIN, 4));
        assert_eq!(sut.ended(4, DOMAIN, "suspend", false), None);
        assert!(sut.admits(DOMAIN, 5) && !sut.admits(DOMAIN, 6));
    }

    #[test]
    fn a_suspect_that_answers_is_healthy_without_a_word() {
        let mut sut = Quarantine::default();
        sut.missed(overdue(1, true));
        assert_eq!(sut.ended(1, DOMAIN, "suspend", true), None);
        assert_eq!(sut.missed(overdue(2, true)), []);
    }

    #[test]
    fn in_a_crowd_one_miss_is_enough_and_what_hangs_is_the_probe() {
        let mut sut = Quarantine::default();
        let domain = |n: u8| Uuid([n; 16]);
        let miss = |n: u8| Overdue { subject: domain(n), ..overdue(u64::from(n), true) };
        for n in 1..6 {
            assert_eq!(sut.missed(miss(n)), []);
        }
        let mut told = sut.missed(miss(6));
        told.sort_by_key(|change| format!("{change:?}"));
        assert_eq!(told, (1..=6).map(|n| Change::Quarantined(domain(n))).collect::<Vec<_>>());
        assert_eq!(sut.missed(miss(7)), [Change::Quarantined(domain(7))]);
        assert!(!sut.admits(domain(7), 20) && sut.admits(domain(8), 21));
        for n in 1..=6 {
            assert_eq!(sut.ended(u64::from(n), domain(n), "suspend", true), Some(Change::Released(domain(n))));
        }
        assert!(sut.admits(domain(7), 22), "one that hangs alone is probed");
    }

    #[test]
    fn a_lost_daemon_releases_everything() {
        let mut sut = quarantined();
        sut.missed(Overdue { subject: Uuid([9; 16]), ..overdue(3, true) });
        assert_eq!(sut.forget_all(), [Change::Released(DOMAIN)]);
        assert!(sut.admits(DOMAIN, 4) && sut.admits(DOMAIN, 5));
    }
}
