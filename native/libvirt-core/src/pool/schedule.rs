//! Which call may run next. Pure: no thread, no clock, no libvirt.
//!
//! A call that hangs in a guest holds one of the daemon's workers. So a domain has one call in flight, and a second
//! one once the first has taken a while and the pool is quiet. What waits for a domain is parked beside the queue: it
//! delays nobody else. Calls on one domain begin in the order in which they came, but for those that watch or end a job and
//! those that destroy it: these wait for nothing that takes long.
//! One at a time is also the fastest: the daemon makes the calls on a domain one after the other anyway.
//! Invariant: a domain with parked calls has a call in flight or is in `released`.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::MAX_WORKERS;
use super::quarantine::Overdue;
use crate::uuid::Uuid;

/// A call's number within its connection.
pub type CallId = u64;

/// Calls in flight on one domain, at most, and one more that watches a job or ends it.
const PER_DOMAIN: usize = 2;
/// What a migration or a save is watched and ended with: it may not wait for the end of what it is about.
const ON_JOBS: [&str; 2] = ["abortJob", "jobStats"];
/// Calls in flight on domains, in all: the pool's last workers are for the host, for lists, and for what frees a domain
/// that hangs, however many of them do.
pub(super) const ON_DOMAINS: usize = MAX_WORKERS - 2;
/// The operation that frees a domain that hangs.
pub(super) const DESTROY: &str = "destroyDomain";
/// From this many calls in flight on, a domain gets one.
const QUIET: usize = 4;
/// A call in flight this long no longer keeps the domain's next one waiting, nor does a pool that is stuck keep calls
/// waiting any longer than this without one more worker.
pub(super) const PATIENCE: Duration = Duration::from_millis(25);

/// When the calls in flight on a domain began.
type Flying = [Option<Instant>; PER_DOMAIN + 1];

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
    /// Of these, on domains.
    on_domains: usize,
    open: FxHashMap<CallId, Open>,
    /// Calls that wait though they are answered.
    stale: usize,
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
            on_domains: 0,
            open: FxHashMap::default(),
            stale: 0,
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
        let call = if self.queue_is_older() {
            self.next_queued(now).or_else(|| self.next_released(now))
        } else {
            self.next_released(now).or_else(|| self.next_queued(now))
        }?;
        if let Some(subject) = call.subject {
            self.on_domains += 1;
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

    /// Whether the queue's first call has waited longer than the first one that waited for its domain: busy domains may
    /// not keep everybody else waiting.
    fn queue_is_older(&self) -> bool {
        let released = self.released.front().and_then(|subject| self.parked.get(subject)?.front());
        self.queue.front().zip(released).is_some_and(|(queued, released)| queued.since < released.since)
    }

    fn next_released(&mut self, now: Instant) -> Option<Waiting<J>> {
        if self.is_full() {
            return None;
        }
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
                self.stale = self.stale.saturating_sub(1);
            }
        }
        None
    }

    fn next_queued(&mut self, now: Instant) -> Option<Waiting<J>> {
        while let Some(call) = self.queue.pop_front() {
            if !self.open.contains_key(&call.id) {
                self.stale = self.stale.saturating_sub(1);
                continue;
            }
            match call.subject {
                Some(subject) if self.must_wait(subject, now) && !self.gets_past(&call, subject, now) => {
                    self.parked.entry(subject).or_default().push_back(call);
                }
                Some(subject) if self.is_full() => {
                    self.parked.entry(subject).or_default().push_back(call);
                    self.released.push_back(subject);
                }
                _ => return Some(call),
            }
        }
        None
    }

    /// Whether no other call on a domain may begin.
    fn is_full(&self) -> bool {
        self.on_domains >= ON_DOMAINS
    }

    fn must_wait(&self, subject: Uuid, now: Instant) -> bool {
        !self.has_room(subject, now) || self.parked.contains_key(&subject)
    }

    fn has_room(&self, subject: Uuid, now: Instant) -> bool {
        self.in_flight.get(&subject).is_none_or(|flying| {
            let count = flying.iter().flatten().count();
            count == 0 || (count < PER_DOMAIN && self.running < QUIET && takes_long(flying, now))
        })
    }

    /// Whether a call need not wait for what takes long on its domain, however busy the pool is.
    fn gets_past(&self, call: &Waiting<J>, subject: Uuid, now: Instant) -> bool {
        let place = |flying: &Flying| flying.iter().any(Option::is_none) && takes_long(flying, now);
        ON_JOBS.contains(&call.call) && self.in_flight.get(&subject).is_some_and(place)
    }

    /// Whether a call waits for another one on its domain.
    pub(crate) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Looks again at what waits behind calls that take long, and tells how many calls may run now.
    pub(crate) fn release_patient(&mut self, now: Instant) -> usize {
        let freed = self.free_urgent(now);
        if self.is_full() {
            return freed;
        }
        let may = |subject: &Uuid| self.has_room(*subject, now) && !self.released.contains(subject);
        let ready: Vec<Uuid> = self.parked.keys().copied().filter(may).collect();
        let count = ready.len();
        self.released.extend(ready);
        freed + count
    }

    /// What destroys a domain or ends a job waits for nothing that takes long on it: neither in flight nor before it in line.
    fn free_urgent(&mut self, now: Instant) -> usize {
        let before = self.queue.len();
        let full = self.is_full();
        for (subject, calls) in &mut self.parked {
            let Some(flying) = self.in_flight.get(subject).filter(|flying| takes_long(flying, now)) else { continue };
            let place = !full && flying.iter().any(Option::is_none);
            let urgent = |call: &Waiting<J>| call.call == DESTROY || (place && ON_JOBS.contains(&call.call));
            let Some(mut call) = calls.iter().position(urgent).and_then(|at| calls.remove(at)) else { continue };
            if call.call == DESTROY {
                // Not one of the domain's any more: there is always a worker for it.
                call.subject = None;
                if let Some(open) = self.open.get_mut(&call.id) {
                    open.subject = None;
                }
            }
            self.queue.push_front(call);
        }
        self.parked.retain(|_, calls| !calls.is_empty());
        self.queue.len() - before
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
        self.on_domains = self.on_domains.saturating_sub(1);
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
        self.stale += usize::from(!open.begun);
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

    /// Frees what waits for calls that nobody waits for any more, once they are the greater part: a thousand that are
    /// given up one after the other don't make a thousand searches.
    pub(crate) fn forget_settled(&mut self) {
        if self.stale <= self.open.len() {
            return;
        }
        self.stale = 0;
        let open = &self.open;
        self.queue.retain(|call| open.contains_key(&call.id));
        self.parked.retain(|_, calls| {
            calls.retain(|call| open.contains_key(&call.id));
            !calls.is_empty()
        });
    }

    /// The daemon is gone: settles everything that has not begun and gives the ids. What has begun accuses no domain.
    pub(crate) fn drop_waiting(&mut self) -> Vec<CallId> {
        let parked = self.parked.drain().flat_map(|(_, calls)| calls);
        let waiting: Vec<CallId> = self.queue.drain(..).chain(parked).map(|call| call.id).collect();
        let dropped = waiting.into_iter().filter(|id| self.settle(*id).is_some()).collect();
        self.stale = 0;
        self.open.values_mut().for_each(|open| open.begun = false);
        dropped
    }

    /// Settles everything, begun or not, and gives the ids.
    pub(crate) fn drop_all(&mut self) -> Vec<CallId> {
        self.queue.clear();
        self.parked.clear();
        self.released.clear();
        self.deadlines.clear();
        self.stale = 0;
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

/// Whether one of these has been in flight for a while.
fn takes_long(flying: &Flying, now: Instant) -> bool {
    flying.iter().flatten().any(|begun| now.duration_since(*begun) >= PATIENCE)
}

#[cfg(test)]
mod tests;
