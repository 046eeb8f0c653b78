//! The event connection: opened first, kept, and opened again when the daemon went away.

use std::sync::atomic::AtomicU32;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::batch::Held;
use super::quarantine::Quarantine;
use super::schedule::Schedule;
use super::{Connection, Link, MAX_WORKERS, Options, Shared, State, Ticket, watcher};
use crate::error::{Code, Error, Result};
use crate::event_loop;
use crate::events::{Event, EventLink, OnLost, Sink};
use crate::session::Session;

/// Pause before the first attempt to reconnect; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const OPEN: &str = "virConnectOpen";

pub(super) fn open(options: Options, sink: Sink) -> Result<Arc<Shared>> {
    event_loop::start()?;
    let session = Session::open(&options)?;
    let keeps_state_in_connection = options.uri.starts_with("test://") && !options.uri.ends_with("/default");
    let own = if keeps_state_in_connection { Some(session.share()?) } else { None };
    let shared = Arc::new(Shared {
        options: Options { workers: options.workers.clamp(1, MAX_WORKERS), ..options },
        sink,
        telling: Mutex::new(()),
        state: Mutex::new(State {
            link: Link::Up,
            epoch: 0,
            lost: None,
            schedule: Schedule::default(),
            quarantine: Quarantine::default(),
            changes: Vec::new(),
            tickets: FxHashMap::default(),
            next_id: 1,
            workers: 0,
            idle: Vec::new(),
            supervised: true,
            held: Held::default(),
            spinning: false,
            looks_again: None,
            closers: Vec::new(),
        }),
        flush: OnceLock::new(),
        called: AtomicU32::new(0),
        watch: Condvar::new(),
        link: Condvar::new(),
        in_process: Mutex::new(own),
    });
    let link = subscribe(&shared, session)?;
    let supervised = Arc::clone(&shared);
    watcher::spawn(&shared)
        .and_then(|()| {
            thread::Builder::new().name("libvirt-link".into()).spawn(move || run(&supervised, link)).map(drop)
        })
        .map_err(|cause| Error::own(Code::InternalError, "openConnection", format!("no thread: {cause}")))?;
    Ok(shared)
}

pub(super) fn open_in_background(options: Options, sink: Sink, done: Box<dyn FnOnce(Result<Connection>) + Send>) {
    let ticket = Ticket::new(OPEN, None, done);
    let answer = Arc::clone(&ticket);
    if let Err(error) = begin_thread(move || answer.settle(open_in_time(options, sink))) {
        ticket.settle(Err(error));
    }
}

fn open_in_time(options: Options, sink: Sink) -> Result<Connection> {
    let (tell, told) = mpsc::channel();
    let timeout = options.call_timeout;
    let uri = options.uri.clone();
    // A daemon that accepts and never answers holds this thread; nothing else.
    begin_thread(move || drop(tell.send(Connection::open(options, sink))))?;
    told.recv_timeout(timeout).unwrap_or_else(|cause| {
        Err(match cause {
            RecvTimeoutError::Timeout => {
                Error::own(Code::Timeout, OPEN, "the daemon did not answer in time").about(uri)
            }
            RecvTimeoutError::Disconnected => Error::own(Code::Panic, OPEN, "opening panicked").about(uri),
        })
    })
}

fn begin_thread(run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name("libvirt-open".into()).spawn(run);
    started.map(drop).map_err(|cause| Error::own(Code::InternalError, OPEN, format!("no thread: {cause}")))
}

fn subscribe(shared: &Arc<Shared>, session: Session) -> Result<EventLink> {
    EventLink::subscribe(session, &shared.sink, &on_lost(shared), shared.options.monitor_events)
}

/// What libvirt's close callback does: it only leaves a note for the supervisor.
fn on_lost(shared: &Arc<Shared>) -> OnLost {
    let weak = Arc::downgrade(shared);
    Arc::new(move |reason| {
        if let Some(shared) = weak.upgrade() {
            shared.lock().lost = Some(reason);
            shared.link.notify_all();
        }
    })
}

fn run(shared: &Arc<Shared>, link: EventLink) {
    let mut link = Some(link);
    while let Some(reason) = wait_for_loss(shared) {
        fail_waiting(shared);
        (shared.sink)(Event::Disconnected { reason });
        drop(link.take());
        link = reconnect(shared);
        if link.is_none() {
            break;
        }
        (shared.sink)(Event::Reconnected);
    }
    drop(link);
    *shared.in_process.lock().unwrap_or_else(PoisonError::into_inner) = None;
    shared.lock().supervised = false;
    shared.watch.notify_all();
}

/// Waits until the link breaks; None when the connection is closed.
fn wait_for_loss(shared: &Shared) -> Option<&'static str> {
    let mut state = shared.lock();
    loop {
        if state.link == Link::Closed {
            return None;
        }
        if let Some(reason) = state.lost.take() {
            state.link = Link::Down;
            return Some(reason);
        }
        state = shared.link.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Answers what has not begun. What runs gets its own error from its own broken socket.
fn fail_waiting(shared: &Shared) {
    let mut state = shared.lock();
    let released = state.quarantine.forget_all();
    state.changes.extend(released);
    let waiting = state.schedule.drop_waiting();
    let tickets: Vec<_> = waiting.into_iter().filter_map(|id| state.tickets.remove(&id)).collect();
    drop(state);
    for ticket in tickets {
        ticket.abandon(Code::Disconnected, "the daemon went away");
    }
    shared.tell_changes();
}

fn reconnect(shared: &Arc<Shared>) -> Option<EventLink> {
    let mut pause = FIRST_PAUSE;
    loop {
        if closed_within(shared, pause) {
            return None;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        // What an attempt that failed left is no news of the next one.
        shared.lock().lost = None;
        let opened = Session::open(&shared.options).and_then(|session| subscribe(shared, session));
        if let Ok(link) = opened {
            let mut state = shared.lock();
            if state.link == Link::Closed {
                return None;
            }
            state.link = Link::Up;
            state.epoch += 1;
            return Some(link);
        }
    }
}

/// Sleeps, and wakes early when the connection is closed.
fn closed_within(shared: &Shared, pause: Duration) -> bool {
    let state = shared.lock();
    let (state, _) = shared
        .link
        .wait_timeout_while(state, pause, |state| state.link != Link::Closed)
        .unwrap_or_else(PoisonError::into_inner);
    state.link == Link::Closed
}
