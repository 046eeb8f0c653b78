//! Which call may run next. Pure: no thread, no clock, no libvirt.
//!
//! A call that hangs in a guest holds one of the daemon's workers. So a domain has at most two calls in flight,
//! only one while the pool is busy, and what waits for such a domain is parked beside the queue: it
//! delays nobody else. Calls on one domain begin in the order in which they came.
//! Invariant: a domain with parked calls has a call in flight or is in `released`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use super::quarantine::Overdue;
use crate::uuid::Uuid;

/// A call's number within its connection.
pub type CallId = u64;

/// Calls in flight on one domain, when the pool is quiet.
const PER_DOMAIN: usize = 2;
/// From this many calls in flight on, a domain gets one.
const QUIET: usize = 4;

/// A call that waits: `J` is what runs it.
pub(crate) struct Waiting<J> {
    pub id: CallId,
    pub subject: Option<Uuid>,
    /// The operation's name.
    pub call: &'static str,
    pub since: Instant,
    pub job: J,
}

/// A call that is not answered yet.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    deadline: Instant,
    pub subject: Option<Uuid>,
    call: &'static str,
    begun: bool,
}

pub(crate) struct Schedule<J> {
    queue: VecDeque<Waiting<J>>,
    parked: HashMap<Uuid, VecDeque<Waiting<J>>>,
    /// Domains whose parked calls may be looked at again.
    released: VecDeque<Uuid>,
    in_flight: HashMap<Uuid, usize>,
    running: usize,
    open: HashMap<CallId, Open>,
    deadlines: BTreeSet<(Instant, CallId)>,
}

impl<J> Default for Schedule<J> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            parked: HashMap::new(),
            released: VecDeque::new(),
            in_flight: HashMap::new(),
            running: 0,
            open: HashMap::new(),
            deadlines: BTreeSet::new(),
        }
    }
}

impl<J> Schedule<J> {
    /// Takes a call in. It is open until it is settled.
    pub(crate) fn push(&mut self, call: Waiting<J>, deadline: Instant) {
        self.open.insert(call.id, Open { deadline, subject: call.subject, call: call.call, begun: false });
        self.deadlines.insert((deadline, call.id));
        self.queue.push_back(call);
    }

    /// The next call that may run now; it is in flight until [`Self::ended`].
    pub(crate) fn next(&mut self) -> Option<Waiting<J>> {
        let call = self.next_released().or_else(|| self.next_queued())?;
        if let Some(subject) = call.subject {
            *self.in_flight.entry(subject).or_default() += 1;
        }
        self.running += 1;
        if let Some(open) = self.open.get_mut(&call.id) {
            open.begun = true;
        }
        Some(call)
    }

    fn next_released(&mut self) -> Option<Waiting<J>> {
        while let Some(subject) = self.released.pop_front() {
            // A domain that is full is released again when one of its calls ends.
            while self.has_room(subject) {
                let Some(call) = self.unpark(subject) else { break };
                if self.open.contains_key(&call.id) {
                    if self.parked.contains_key(&subject) {
                        self.released.push_back(subject);
                    }
                    return Some(call);
                }
            }
        }
        None
    }

    fn next_queued(&mut self) -> Option<Waiting<J>> {
        while let Some(call) = self.queue.pop_front() {
            if !self.open.contains_key(&call.id) {
                continue;
            }
            match call.subject {
                Some(subject) if !self.has_room(subject) || self.parked.contains_key(&subject) => {
                    self.parked.entry(subject).or_default().push_back(call);
                }
                _ => return Some(call),
            }
        }
        None
    }

    fn has_room(&self, subject: Uuid) -> bool {
        let limit = if self.running < QUIET { PER_DOMAIN } else { 1 };
        self.in_flight.get(&subject).is_none_or(|flying| *flying < limit)
    }

    fn unpark(&mut self, subject: Uuid) -> Option<Waiting<J>> {
        let parked = self.parked.get_mut(&subject)?;
        let call = parked.pop_front();
        if parked.is_empty() {
            self.parked.remove(&subject);
        }
        call
    }

    /// A worker is through with a call, whatever came of it.
    pub(crate) fn ended(&mut self, subject: Option<Uuid>) {
        self.running = self.running.saturating_sub(1);
        let Some(subject) = subject else { return };
        if let Some(flying) = self.in_flight.get_mut(&subject) {
            *flying -= 1;
            if *flying == 0 {
                self.in_flight.remove(&subject);
            }
        }
        if self.parked.contains_key(&subject) {
            self.released.push_back(subject);
        }
    }

    /// Marks a call as answered and gives what it was; None when it was already.
    pub(crate) fn settle(&mut self, id: CallId) -> Option<Open> {
        let open = self.open.remove(&id)?;
        self.deadlines.remove(&(open.deadline, id));
        Some(open)
    }

    /// Settles every call whose deadline has passed. Those that have begun come first.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(CallId, Option<Overdue>)> {
        let mut expired = Vec::new();
        while let Some(&(deadline, id)) = self.deadlines.first() {
            if deadline > now {
                break;
            }
            let Some(Open { subject, call, begun, .. }) = self.settle(id) else { break };
            expired.push((id, subject.map(|subject| Overdue { id, subject, call, begun })));
        }
        expired.sort_by_key(|(_, overdue)| !overdue.is_some_and(|overdue| overdue.begun));
        if !expired.is_empty() {
            self.forget_settled();
        }
        expired
    }

    /// Frees what waits for a call that nobody waits for any more.
    pub(crate) fn forget_settled(&mut self) {
        let open = &self.open;
        self.queue.retain(|call| open.contains_key(&call.id));
        self.parked.retain(|_, calls| {
            calls.retain(|call| open.contains_key(&call.id));
            !calls.is_empty()
        });
    }

    /// Settles everything that has not begun and gives the ids.
    pub(crate) fn drop_waiting(&mut self) -> Vec<CallId> {
        let parked = self.parked.drain().flat_map(|(_, calls)| calls);
        let waiting: Vec<CallId> = self.queue.drain(..).chain(parked).map(|call| call.id).collect();
        waiting.into_iter().filter(|id| self.settle(*id).is_some()).collect()
    }

    /// Settles everything, begun or not, and gives the ids.
    pub(crate) fn drop_all(&mut self) -> Vec<CallId> {
        self.queue.clear();
        self.parked.clear();
        self.released.clear();
        self.deadlines.clear();
        self.open.drain().map(|(id, _)| id).collect()
    }

    /// When the first open call is due.
    pub(crate) fn first_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Since when the call at the head of the queue has waited.
    pub(crate) fn head_waits_since(&self) -> Option<Instant> {
        self.queue.front().map(|call| call.since)
    }

    /// Calls taken in and not answered.
    pub(crate) fn open_calls(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn call(id: CallId, domain: Option<u8>) -> Waiting<()> {
        Waiting { id, subject: domain.map(|d| Uuid([d; 16])), call: "test", since: Instant::now(), job: () }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_third_call_on_one_domain_waits_and_delays_nobody() {
        let mut schedule = Schedule::default();
        for (id, domain) in [(1, Some(7)), (2, Some(7)), (3, Some(7)), (4, Some(8)), (5, None)] {
            schedule.push(call(id, domain), soon());
        }
        let begun: Vec<_> = std::iter::from_fn(|| schedule.next()).map(|c| c.id).collect();
        assert_eq!(begun, [1, 2, 4, 5]);
        schedule.ended(Some(Uuid([7; 16])));
        assert_eq!(schedule.next().map(|c| c.id), Some(3));
    }

    #[test]
    fn ten_hung_domains_leave_workers_of_fourteen_free() {
        let mut schedule = Schedule::default();
        for id in 0..1000 {
            schedule.push(call(id, Some(u8::try_from(id % 10).unwrap_or(0))), soon());
        }
        assert!(std::iter::from_fn(|| schedule.next()).count() <= 12);
        schedule.push(call(5000, Some(99)), soon());
        assert_eq!(schedule.next().map(|c| c.id), Some(5000));
    }

    #[test]
    fn an_expired_call_never_runs() {
        let mut schedule = Schedule::default();
        schedule.push(call(1, None), Instant::now());
        assert_eq!(schedule.expire(Instant::now()).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1]);
        assert!(schedule.next().is_none());
        assert!(schedule.settle(1).is_none());
    }

    proptest! {
        #[test]
        fn every_call_runs_once_and_in_order_per_domain(domains in prop::collection::vec(prop::option::of(0u8..4), 1..80)) {
            let mut schedule = Schedule::default();
            for (id, domain) in domains.iter().enumerate() {
                schedule.push(call(id as CallId, *domain), soon());
            }
            let mut flying: VecDeque<Waiting<()>> = VecDeque::new();
            let mut begun: Vec<(Option<Uuid>, CallId)> = Vec::new();
            loop {
                while flying.len() < 5 {
                    let Some(next) = schedule.next() else { break };
                    begun.push((next.subject, next.id));
                    flying.push_back(next);
                    for domain in 0..4u8 {
                        let count = flying.iter().filter(|c| c.subject == Some(Uuid([domain; 16]))).count();
                        prop_assert!(count <= PER_DOMAIN);
                    }
                }
                let Some(done) = flying.pop_front() else { break };
                prop_assert!(schedule.settle(done.id).is_some());
                schedule.ended(done.subject);
            }
            prop_assert_eq!(begun.len(), domains.len());
            for domain in 0..4u8 {
                let ids: Vec<_> = begun.iter().filter(|(s, _)| *s == Some(Uuid([domain; 16]))).map(|(_, id)| *id).collect();
                prop_assert!(ids.is_sorted());
            }
            prop_assert_eq!(schedule.open_calls(), 0);
        }
    }
}
