//! Deadlines, growth of the pool, and the end of a closed connection.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::schedule::PATIENCE;
use super::{Closer, EVERY_DOMAIN, Link, Shared, State, worker};
use crate::error::Code;

/// How long the end waits for a worker that is stuck inside libvirt.
const STUCK_AT_END: Duration = Duration::from_secs(2);

pub(super) fn spawn(shared: &Arc<Shared>) -> std::io::Result<()> {
    let watched = Arc::clone(shared);
    thread::Builder::new().name("libvirt-watch".into()).spawn(move || run(&watched)).map(drop)
}

fn run(shared: &Arc<Shared>) {
    let mut state = shared.lock();
    while state.link != Link::Closed {
        let now = Instant::now();
        let late = state.schedule.expire(now);
        if !late.is_empty() {
            let tickets: Vec<_> = late.iter().filter_map(|(id, _)| state.tickets.remove(id)).collect();
            let accusing = late.into_iter().filter_map(|(_, overdue)| overdue.filter(|o| o.subject != EVERY_DOMAIN));
            for overdue in accusing {
                let change = state.quarantine.missed(overdue);
                state.changes.extend(change);
            }
            let changed = !state.changes.is_empty();
            drop(state);
            if changed {
                shared.tell_changes();
            }
            for ticket in tickets {
                ticket.abandon(Code::Timeout, "not answered before its deadline");
            }
            state = shared.lock();
            continue;
        }
        grow(shared, &mut state, now);
        for _ in 0..state.schedule.release_patient(now) {
            let (spinning, workers) = (state.spinning, state.workers);
            match shared.find_worker(&mut state) {
                Some(worker) => worker.wake(),
                // All are busy with what takes long, on this very domain perhaps.
                None if !spinning && state.workers == workers && workers < super::MAX_WORKERS => {
                    worker::spawn(shared, &mut state);
                }
                None => {}
            }
        }
        if state.held.take() {
            // A call that was known to be quick wasn't: what waited for it waits no longer.
            drop(state);
            shared.flush();
            state = shared.lock();
            continue;
        }
        let look = next_look(shared, &state, now);
        state.looks_again = look;
        state = match look.map(|at| at.saturating_duration_since(now)) {
            Some(wait) => shared.watch.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
            None => shared.watch.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
    drop(state);
    for closer in at_rest(shared) {
        closer();
    }
}

fn grow(shared: &Arc<Shared>, state: &mut State, now: Instant) {
    let waits = state.schedule.head_waits_since().is_some_and(|since| now.duration_since(since) >= PATIENCE);
    if waits && state.idle.is_empty() && state.workers < super::MAX_WORKERS && state.link == Link::Up {
        worker::spawn(shared, state);
    }
}

/// Whether the pool may have to grow soon, or a call may have to get past another one.
pub(super) fn is_tense(shared: &Shared, state: &State) -> bool {
    let stuck = state.idle.is_empty() && state.workers >= shared.options.workers && state.workers < super::MAX_WORKERS;
    (stuck && state.schedule.open_calls() > 0) || state.schedule.has_parked() || !state.held.is_empty()
}

/// When something can be due: at the first deadline, or sooner while calls wait. A deadline that was met meanwhile only
/// makes the watcher look in vain: that costs less than to wake it at each call.
fn next_look(shared: &Shared, state: &State, now: Instant) -> Option<Instant> {
    let deadline = state.schedule.first_deadline();
    let soon = now + PATIENCE;
    if is_tense(shared, state) { Some(deadline.map_or(soon, |at| at.min(soon))) } else { deadline }
}

fn at_rest(shared: &Shared) -> Vec<Closer> {
    let give_up = Instant::now() + STUCK_AT_END;
    let mut state = shared.lock();
    while state.workers > 0 || state.supervised {
        let left = give_up.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        state = shared.watch.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    state.workers = 0;
    state.supervised = false;
    std::mem::take(&mut state.closers)
}
