//! A connection as callers see it: calls go in, answers come out on other threads, nothing blocks the caller.
//!
//! ```text
//!  submit -> Schedule -> worker threads, each with its own libvirt connection -> the call's `done`
//!                ^            supervisor thread: the event connection, reconnects with back-off
//!                +----------- watcher thread: deadlines, more workers when all are stuck
//! ```

mod batch;
mod parker;
mod quarantine;
mod schedule;
mod spin;
mod supervisor;
mod ticket;
mod watcher;
mod worker;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::credentials::{Auth, KeepAlive};
use crate::error::{Code, Error, Result};
use crate::events::{Event, Sink};
use crate::session::Session;
use crate::uuid::Uuid;
use batch::Held;
pub use batch::answers_are_held;
use parker::Parker;
use quarantine::{Change, Quarantine};
pub use schedule::CallId;
use schedule::{DESTROY, Schedule, Waiting};
use ticket::Abandon;
pub(crate) use ticket::Ticket;

/// Calls in flight over one connection, in all: the daemon has 20 workers, and 20 stuck calls block it.
pub const MAX_WORKERS: usize = 14;
/// Open calls beyond which a new one is refused with `RESOURCE_BUSY`.
const MAX_OPEN_CALLS: usize = 100_000;

/// The subject of what asks every domain at once: few such calls run at a time, for one that hangs holds up each. It is
/// never quarantined.
pub const EVERY_DOMAIN: Uuid = Uuid([0; 16]);

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// libvirt's URI, e.g. `qemu:///system`.
    pub uri: String,
    /// Open without the right to change anything.
    pub read_only: bool,
    /// Worker threads (and connections) kept; more are started, up to [`MAX_WORKERS`], while all of them are stuck.
    pub workers: usize,
    /// The deadline of a call that names none.
    pub call_timeout: Duration,
    /// How a daemon that is gone is noticed.
    pub keep_alive: KeepAlive,
    /// Who answers what the daemon asks of who connects; libvirt's own `auth.conf` when absent.
    pub auth: Option<Auth>,
    /// Tell also what QEMU's monitors tell, as it comes.
    pub monitor_events: bool,
}

impl Options {
    /// Read-write, four workers, 30 seconds a call.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            read_only: false,
            workers: 4,
            call_timeout: Duration::from_secs(30),
            keep_alive: KeepAlive::default(),
            auth: None,
            monitor_events: false,
        }
    }
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The operation's name, for errors that happen before a libvirt function is reached.
    pub call: &'static str,
    /// The domain that the call may hang on.
    pub subject: Option<Uuid>,
    /// Deadline from now; the connection's default when absent.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A call about no domain, with the default deadline.
    pub fn new(call: &'static str) -> Self {
        Self { call, subject: None, timeout: None }
    }
}

/// Makes a call and answers it; true when what it is about had a part in the answer.
type Job = Box<dyn FnOnce(Result<&mut Session>) -> bool + Send>;
type Closer = Box<dyn FnOnce() + Send>;
type Flush = Box<dyn Fn() + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    Down,
    Closed,
}

struct State {
    link: Link,
    /// Raised at each reconnect: a worker's connection of an earlier epoch is not used again.
    epoch: u64,
    lost: Option<&'static str>,
    schedule: Schedule<Job>,
    quarantine: Quarantine,
    /// What became of domains and isn't told yet.
    changes: Vec<Change>,
    tickets: FxHashMap<CallId, Arc<dyn Abandon>>,
    next_id: CallId,
    workers: usize,
    /// Workers that sleep, the last one on top.
    idle: Vec<Arc<Parker>>,
    supervised: bool,
    /// Answers that nobody was woken for yet.
    held: Held,
    /// A worker that waits without sleeping: a new call needs to wake nobody.
    spinning: bool,
    /// When the watcher looks again by itself; None when only if it is told to.
    looks_again: Option<Instant>,
    closers: Vec<Closer>,
}

struct Shared {
    options: Options,
    sink: Sink,
    /// Held while changes are told: two threads never tell them in the wrong order.
    telling: Mutex<()>,
    state: Mutex<State>,
    /// Wakes who waits for answers. Until it is set none is held.
    flush: OnceLock<Flush>,
    /// Raised when there is a call for the worker that spins.
    called: AtomicU32,
    /// The watcher waits here for deadlines, growth and the end.
    watch: Condvar,
    /// The supervisor waits here for a lost link or the end.
    link: Condvar,
    /// The one connection of an in-process driver whose state is not shared between connections.
    in_process: Mutex<Option<Session>>,
}

/// A connection to a hypervisor. Dropping it closes it.
pub struct Connection {
    shared: Arc<Shared>,
}

impl Connection {
    /// Opens the connection that carries events and starts the pool around it. Blocks until the daemon answers.
    ///
    /// # Errors
    /// What libvirt says when it can't connect.
    pub fn open(options: Options, sink: Sink) -> Result<Self> {
        supervisor::open(options, sink).map(|shared| Self { shared })
    }

    /// As [`Self::open`] on a thread of its own; `done` gets the answer, or `TIMEOUT` after the options' call timeout.
    pub fn open_in_background(options: Options, sink: Sink, done: impl FnOnce(Result<Self>) + Send + 'static) {
        supervisor::open_in_background(options, sink, Box::new(done));
    }

    /// Queues a call. `done` is called exactly once, on some other thread or, when the call is refused, on this one.
    pub fn submit<T: Send + 'static>(
        &self,
        request: Request,
        run: impl FnOnce(&mut Session) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> CallId {
        let ticket =
            Ticket::new(request.call, request.subject.filter(|subject| *subject != EVERY_DOMAIN), Box::new(done));
        let shared = &self.shared;
        let mut state = shared.lock();
        let id = state.next_id;
        state.next_id += 1;
        let request = state.past_hung_calls(request);
        if let Some(refusal) = state.refusal(id, &request) {
            drop(state);
            ticket.settle(Err(refusal));
            return id;
        }
        state.tickets.insert(id, Arc::<Ticket<T>>::clone(&ticket) as Arc<dyn Abandon>);
        let now = Instant::now();
        let deadline = now + request.timeout.unwrap_or(shared.options.call_timeout);
        let job: Job = Box::new(move |session| ticket.run(session, run));
        let call = Waiting { id, subject: request.subject, call: request.call, since: now, job };
        let runnable = state.schedule.push(call, deadline);
        let worker = if runnable { shared.find_worker(&mut state) } else { None };
        let look = if watcher::is_tense(shared, &state) { deadline.min(now + schedule::PATIENCE) } else { deadline };
        let wakes_watcher = state.looks_again.is_none_or(|at| look < at);
        drop(state);
        // Not under the lock: who is woken would only wait for it.
        if let Some(worker) = worker {
            worker.wake();
        }
        if wakes_watcher {
            shared.watch.notify_one();
        }
        id
    }

    /// Lets workers give answers of quick calls in batches: while [`answers_are_held`] `done` need not wake anybody, and
    /// `flush` is called soon after. Calls that began before are answered as before.
    pub fn batch_answers(&self, flush: impl Fn() + Send + Sync + 'static) {
        // Only the first one counts.
        let _ = self.shared.flush.set(Box::new(flush));
    }

    /// As [`Self::submit`], but waits for the answer.
    ///
    /// # Errors
    /// The call's own, or `TIMEOUT`, `DISCONNECTED`, `CLOSED`, `PANIC`.
    pub fn call<T: Send + 'static>(
        &self,
        request: Request,
        run: impl FnOnce(&mut Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = std::sync::mpsc::channel();
        self.submit(request, run, move |answer| drop(tell.send(answer)));
        told.recv().unwrap_or_else(|_| Err(Error::own(Code::Closed, request.call, "the call was dropped")))
    }

    /// Gives a call up: its `done` gets `CANCELLED` unless it is answered already. A call inside libvirt runs on unseen.
    pub fn cancel(&self, id: CallId) {
        let mut state = self.shared.lock();
        let ticket = state.give_up(id);
        state.schedule.forget_settled();
        drop(state);
        if let Some(ticket) = ticket {
            ticket.abandon(Code::Cancelled, "given up by the caller");
        }
    }

    /// How it was opened.
    pub fn options(&self) -> Options {
        self.shared.options.clone()
    }

    /// Whether the event connection stands.
    pub fn is_up(&self) -> bool {
        self.shared.lock().link == Link::Up
    }

    /// Refuses new calls, answers open ones with `CLOSED` and ends the threads. `done` is called when they have ended,
    /// or after two seconds when one is stuck inside libvirt.
    pub fn close(&self, done: impl FnOnce() + Send + 'static) {
        self.shared.close(Some(Box::new(done)));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.close(None);
    }
}

impl Shared {
    /// A poisoned lock is used on: every panic of foreign code is caught outside it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(self: &Arc<Self>, done: Option<Closer>) {
        let mut state = self.lock();
        state.link = Link::Closed;
        let open = state.schedule.drop_all();
        let tickets: Vec<_> = open.into_iter().filter_map(|id| state.tickets.remove(&id)).collect();
        drop(state);
        for ticket in tickets {
            ticket.abandon(Code::Closed, "the connection was closed");
        }
        // Only now: whoever hears that the end is reached may take away what answers go through.
        let mut state = self.lock();
        // Closed and at rest already: nobody else is left to call it.
        let at_rest = !state.supervised && state.workers == 0;
        let (now, later) = if at_rest { (done, None) } else { (None, done) };
        state.closers.extend(later);
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        for worker in idle {
            worker.wake();
        }
        self.watch.notify_all();
        self.link.notify_all();
        if let Some(done) = now {
            done();
        }
    }

    /// Brings the held answers to who waits for them. The state must not be locked by the caller.
    fn flush(&self) {
        if let Some(flush) = self.flush.get() {
            flush();
        }
    }

    /// Finds who makes a new call. A worker that sleeps is to be woken for it, when the state is unlocked.
    fn find_worker(self: &Arc<Self>, state: &mut State) -> Option<Arc<Parker>> {
        if state.spinning {
            state.spinning = false;
            self.called.fetch_add(1, Ordering::Release);
            return None;
        }
        let sleeper = state.idle.pop();
        if sleeper.is_none() && state.workers < self.options.workers {
            worker::spawn(self, state);
        }
        sleeper
    }

    /// Tells what became of domains, in order. The state must not be locked by the caller.
    fn tell_changes(&self) {
        let _order = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = std::mem::take(&mut self.lock().changes);
        for change in changes {
            (self.sink)(match change {
                Change::Quarantined(uuid) => Event::DomainQuarantined { uuid },
                Change::Released(uuid) => Event::DomainReleased { uuid },
            });
        }
    }

    /// Opens a connection for a worker.
    fn open_session(&self) -> Result<Session> {
        let shared = self.in_process.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.as_ref() {
            Some(session) => session.share(),
            None => Session::open(&self.options),
        }
    }
}

impl State {
    /// Destroying a domain that hangs is what frees it: it waits neither behind the calls that hang, nor for a probe.
    fn past_hung_calls(&self, request: Request) -> Request {
        let hangs = request.subject.is_some_and(|subject| !self.quarantine.is_healthy(subject));
        if hangs && request.call == DESTROY { Request { subject: None, ..request } } else { request }
    }

    fn refusal(&mut self, id: CallId, request: &Request) -> Option<Error> {
        let call = request.call;
        let (code, message) = match self.link {
            Link::Closed => (Code::Closed, "the connection is closed"),
            Link::Down => (Code::Disconnected, "the daemon is gone; a reconnect is under way"),
            Link::Up if self.schedule.open_calls() >= MAX_OPEN_CALLS => (Code::ResourceBusy, "too many open calls"),
            Link::Up => {
                let asked = request.subject.filter(|subject| *subject != EVERY_DOMAIN);
                let subject = asked.filter(|subject| !self.quarantine.admits(*subject, id))?;
                let message = "the domain does not answer; its next call is let through when the probe has ended";
                return Some(Error::own(Code::Quarantined, call, message).about(subject.to_string()));
            }
        };
        Some(Error::own(code, call, message))
    }

    /// Takes a call's ticket, unless the call is answered.
    fn settle(&mut self, id: CallId) -> Option<Arc<dyn Abandon>> {
        self.schedule.settle(id);
        self.tickets.remove(&id)
    }

    /// As [`Self::settle`] for a call that nobody waits for any more.
    fn give_up(&mut self, id: CallId) -> Option<Arc<dyn Abandon>> {
        if let Some(subject) = self.schedule.settle(id).and_then(|open| open.subject) {
            self.quarantine.gave_up(id, subject);
        }
        self.tickets.remove(&id)
    }
}
