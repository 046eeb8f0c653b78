//! Which call may run next. Pure: no thread, no clock, no libvirt.
//!
//! A call that hangs in a guest holds one of the daemon's workers. So a domain has one call in flight, and a second
//! one once the first has taken a while and the pool is quiet (an abort must get past a long job). What waits for a
//! domain is parked beside the queue: it delays nobody else. Calls on one domain begin in the order in which they came.
//! One at a time is also the fastest: the daemon makes the calls on a domain one after the other anyway.
//! Invariant: a domain with parked calls has a call in flight or is in `released`.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::quarantine::Overdue;
use crate::uuid::Uuid;

/// A call's number within its connection.
pub type CallId = u64;

/// Calls in flight on one domain, at most.
const PER_DOMAIN: usize = 2;
/// From this many calls in flight on, a domain gets one.
const QUIET: usize = 4;
/// A call in flight this long no longer keeps the domain's next one waiting, nor does a pool that is stuck keep calls
/// waiting any longer than this without one more worker.
pub(super) const PATIENCE: Duration = Duration::from_millis(25);

/// When the calls in flight on a domain began.
type Flying = [Option<Instant>; PER_DOMAIN];

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
    parked: FxHashMap<Uuid, VecDeque<Waiting<J>>>,
    /// Domains whose parked calls may be looked at again.
    released: VecDeque<Uuid>,
    in_flight: FxHashMap<Uuid, Flying>,
    running: usize,
    open: FxHashMap<CallId, Open>,
    deadlines: BTreeSet<(Instant, CallId)>,
}

impl<J> Default for Schedule<J> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            parked: FxHashMap::default(),
            released: VecDeque::new(),
            in_flight: FxHashMap::default(),
            running: 0,
            open: FxHashMap::default(),
            deadlines: BTreeSet::new(),
        }
    }
}

impl<J> Schedule<J> {
    /// Takes a call in. It is open until it is settled. False when it waits for another one on its domain.
    pub(crate) fn push(&mut self, call: Waiting<J>, deadline: Instant) -> bool {
        self.open.insert(call.id, Open { deadline, subject: call.subject, call: call.call, begun: false });
        self.deadlines.insert((deadline, call.id));
        let now = call.since;
        match call.subject {
            Some(subject) if self.must_wait(subject, now) => {
                self.parked.entry(subject).or_default().push_back(call);
                false
            }
            _ => {
                self.queue.push_back(call);
                true
            }
        }
    }

    /// The next call that may run now; it is in flight until [`Self::ended`] is told the same time.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Waiting<J>> {
        let call = self.next_released(now).or_else(|| self.next_queued(now))?;
        if let Some(subject) = call.subject {
            let flying = self.in_flight.entry(subject).or_default();
            if let Some(place) = flying.iter_mut().find(|place| place.is_none()) {
                *place = Some(now);
            }
        }
        self.running += 1;
        if let Some(open) = self.open.get_mut(&call.id) {
            open.begun = true;
        }
        Some(call)
    }

    fn next_released(&mut self, now: Instant) -> Option<Waiting<J>> {
        while let Some(subject) = self.released.pop_front() {
            // A domain that is full is released again when one of its calls ends.
            while self.has_room(subject, now) {
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

    fn next_queued(&mut self, now: Instant) -> Option<Waiting<J>> {
        while let Some(call) = self.queue.pop_front() {
            if !self.open.contains_key(&call.id) {
                continue;
            }
            match call.subject {
                Some(subject) if self.must_wait(subject, now) => {
                    self.parked.entry(subject).or_default().push_back(call);
                }
                _ => return Some(call),
            }
        }
        None
    }

    fn must_wait(&self, subject: Uuid, now: Instant) -> bool {
        !self.has_room(subject, now) || self.parked.contains_key(&subject)
    }

    fn has_room(&self, subject: Uuid, now: Instant) -> bool {
        self.in_flight.get(&subject).is_none_or(|flying| match flying {
            [None, None] => true,
            [Some(begun), None] | [None, Some(begun)] => self.running < QUIET && now.duration_since(*begun) >= PATIENCE,
            [Some(_), Some(_)] => false,
        })
    }

    /// Whether a call waits for another one on its domain.
    pub(crate) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Looks again at what waits behind calls that take long, and tells on how many domains a call may run now.
    pub(crate) fn release_patient(&mut self, now: Instant) -> usize {
        let ready: Vec<Uuid> = self.parked.keys().copied().filter(|subject| self.has_room(*subject, now)).collect();
        let count = ready.len();
        self.released.extend(ready);
        count
    }

    fn unpark(&mut self, subject: Uuid) -> Option<Waiting<J>> {
        let parked = self.parked.get_mut(&subject)?;
        let call = parked.pop_front();
        if parked.is_empty() {
            self.parked.remove(&subject);
        }
        call
    }

    /// A worker is through with the call that it got at `begun`, whatever came of it.
    pub(crate) fn ended(&mut self, subject: Option<Uuid>, begun: Instant) {
        self.running = self.running.saturating_sub(1);
        let Some(subject) = subject else { return };
        if let Some(flying) = self.in_flight.get_mut(&subject) {
            if let Some(place) = flying.iter_mut().find(|place| **place == Some(begun)) {
                *place = None;
            }
            if flying.iter().all(Option::is_none) {
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

    /// Whether nothing is in flight.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.running == 0
    }

    /// Calls that have not begun.
    pub(crate) fn waiting(&self) -> usize {
        self.open.len().saturating_sub(self.running)
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

    fn all_next(schedule: &mut Schedule<()>, now: Instant) -> Vec<CallId> {
        std::iter::from_fn(|| schedule.next(now)).map(|c| c.id).collect()
    }

    #[test]
    fn a_second_call_on_one_domain_waits_and_delays_nobody() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        for (id, domain) in [(1, Some(7)), (2, Some(7)), (3, Some(7)), (4, Some(8)), (5, None)] {
            schedule.push(call(id, domain), soon());
        }
        assert_eq!(all_next(&mut schedule, now), [1, 4, 5]);
        assert!(schedule.has_parked());
        schedule.ended(Some(Uuid([7; 16])), now);
        assert_eq!(all_next(&mut schedule, now), [2]);
    }

    #[test]
    fn a_second_call_gets_past_one_that_takes_long_and_a_third_does_not() {
        let (mut schedule, begun) = (Schedule::default(), Instant::now());
        for id in 1..=3 {
            schedule.push(call(id, Some(7)), soon());
        }
        assert_eq!(all_next(&mut schedule, begun), [1]);
        assert_eq!(schedule.release_patient(begun), 0);
        let later = begun + PATIENCE;
        assert_eq!(schedule.release_patient(later), 1);
        assert_eq!(all_next(&mut schedule, later), [2]);
        assert_eq!(schedule.release_patient(later + PATIENCE), 0);
        schedule.ended(Some(Uuid([7; 16])), later);
        assert_eq!(all_next(&mut schedule, later), [3], "the first one still takes long");
    }

    #[test]
    fn a_busy_pool_gives_a_domain_one_however_long_it_takes() {
        let (mut schedule, begun) = (Schedule::default(), Instant::now());
        for domain in [1, 2, 3, 4, 1, 2, 3, 4] {
            schedule.push(call(u64::from(domain) + 10 * schedule.open_calls() as u64, Some(domain)), soon());
        }
        assert_eq!(all_next(&mut schedule, begun).len(), 4);
        assert_eq!(schedule.release_patient(begun + PATIENCE), 0);
        assert!(schedule.next(begun + PATIENCE).is_none());
    }

    #[test]
    fn ten_hung_domains_leave_workers_of_fourteen_free() {
        let mut schedule = Schedule::default();
        for id in 0..1000 {
            schedule.push(call(id, Some(u8::try_from(id % 10).unwrap_or(0))), soon());
        }
        let now = Instant::now();
        assert_eq!(all_next(&mut schedule, now).len(), 10);
        schedule.release_patient(now + PATIENCE);
        assert!(all_next(&mut schedule, now + PATIENCE).is_empty());
        schedule.push(call(5000, Some(99)), soon());
        assert_eq!(all_next(&mut schedule, now), [5000]);
    }

    #[test]
    fn an_expired_call_never_runs() {
        let mut schedule = Schedule::default();
        schedule.push(call(1, None), Instant::now());
        assert_eq!(schedule.expire(Instant::now()).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1]);
        assert!(schedule.next(Instant::now()).is_none());
        assert!(schedule.settle(1).is_none());
    }

    proptest! {
        #[test]
        fn every_call_runs_once_and_in_order_per_domain(domains in prop::collection::vec(prop::option::of(0u8..4), 1..80)) {
            let mut schedule = Schedule::default();
            for (id, domain) in domains.iter().enumerate() {
                schedule.push(call(id as CallId, *domain), soon());
            }
            let mut flying: VecDeque<(Waiting<()>, Instant)> = VecDeque::new();
            let mut now = Instant::now();
            let mut begun: Vec<(Option<Uuid>, CallId)> = Vec::new();
            loop {
                while flying.len() < 5 {
                    now += PATIENCE / 3;
                    schedule.release_patient(now);
                    let Some(next) = schedule.next(now) else { break };
                    begun.push((next.subject, next.id));
                    flying.push_back((next, now));
                    for domain in 0..4u8 {
                        let count = flying.iter().filter(|(c, _)| c.subject == Some(Uuid([domain; 16]))).count();
                        prop_assert!(count <= PER_DOMAIN);
                    }
                }
                let Some((done, at)) = flying.pop_front() else { break };
                prop_assert!(schedule.settle(done.id).is_some());
                schedule.ended(done.subject, at);
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
