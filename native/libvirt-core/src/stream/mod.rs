//! Consoles and channels: streams of both directions, each with a connection and a thread of its own, so that a guest that
//! says nothing, or that nobody reads, holds nobody else.
//!
//! libvirt reads its socket on the event loop and tells there that something may be done; the stream's thread does it.

mod watch;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use libc::{c_char, c_int};
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, bits, check, optional_arg, pointer};
use crate::ops::domain_guest::abort;
use crate::pool::{Options, Ticket};
use crate::session::Session;
use crate::uuid::Uuid;
use watch::{READABLE, TROUBLE, WRITABLE, Watch};

/// What of a domain is opened.
#[derive(Debug, Clone)]
pub struct StreamTarget {
    /// The domain.
    pub domain: Uuid,
    /// A channel; a console or a serial port otherwise.
    pub channel: bool,
    /// Its alias or, of a channel, its name; the first one when absent.
    pub device: Option<String>,
    /// Take it from whoever has it.
    pub force: bool,
    /// Refuse when the driver can't keep two from having it.
    pub safe: bool,
}

/// The most bytes of one read.
const PIECE: usize = 64 << 10;

type Done<T> = Box<dyn FnOnce(Result<T>) + Send>;

struct Write {
    data: Vec<u8>,
    sent: usize,
    done: Done<()>,
}

#[derive(Default)]
struct State {
    /// What libvirt's callback said since the last try: that something can be read, or written.
    ready: c_int,
    /// What the callback is still asked for.
    asked: c_int,
    reads: VecDeque<Done<Vec<u8>>>,
    writes: VecDeque<Write>,
    closers: Vec<Done<()>>,
    abort: bool,
    closing: bool,
    /// The thread waits for the daemon to end it.
    finishing: bool,
    lost: bool,
    /// The thread has ended: nothing is taken any more.
    over: Option<Error>,
    /// The other side has.
    at_end: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

/// A stream of both directions. Dropping it aborts it.
pub struct Stream(Arc<Shared>);

impl Stream {
    /// Opens it on threads of its own; `done` gets it, or `TIMEOUT` after `timeout`.
    pub fn open(
        options: Options,
        target: StreamTarget,
        timeout: Duration,
        done: impl FnOnce(Result<Self>) + Send + 'static,
    ) {
        let (about, call) = (target.domain.to_string(), target.call());
        let ticket = Ticket::new(call, Some(target.domain), Box::new(done));
        let answer = Arc::clone(&ticket);
        let started = begin_thread(call, move || {
            answer.settle(open_here(options, target, timeout).map_err(|error| error.about(about)));
        });
        if let Err(error) = started {
            ticket.settle(Err(error));
        }
    }

    /// The next bytes; none at its end.
    pub fn read(&self, done: impl FnOnce(Result<Vec<u8>>) + Send + 'static) {
        let mut state = self.0.lock();
        if !state.at_end && state.over.is_none() {
            state.reads.push_back(Box::new(done));
            self.0.wake.notify_one();
            return;
        }
        let answer = if state.at_end { Ok(Vec::new()) } else { state.over.clone().map_or(Ok(Vec::new()), Err) };
        drop(state);
        done(answer);
    }

    /// Sends bytes; answered when libvirt has taken all of them.
    pub fn write(&self, data: Vec<u8>, done: impl FnOnce(Result<()>) + Send + 'static) {
        let mut state = self.0.lock();
        if let Some(error) = state.over.clone() {
            drop(state);
            done(Err(error));
            return;
        }
        state.writes.push_back(Write { data, sent: 0, done: Box::new(done) });
        self.0.wake.notify_one();
    }

    /// Ends it when what was written is sent, or at once with `abort`.
    pub fn close(&self, abort: bool, done: impl FnOnce(Result<()>) + Send + 'static) {
        let mut state = self.0.lock();
        // A daemon that waits for a guest to take what was sent may end it never: who gives it up doesn't wait.
        if state.over.is_some() || (abort && state.finishing) {
            drop(state);
            done(Ok(()));
            return;
        }
        state.closing = true;
        state.abort |= abort;
        state.closers.push(Box::new(done));
        self.0.wake.notify_one();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closing = true;
        state.abort = true;
        self.0.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the stream for everybody, with what came of it.
    fn finish(&self, error: &Error, closed: &Result<()>) {
        let mut state = self.lock();
        let at_end = state.at_end;
        state.over = Some(error.clone());
        let (reads, writes) = (std::mem::take(&mut state.reads), std::mem::take(&mut state.writes));
        let closers = std::mem::take(&mut state.closers);
        drop(state);
        for read in reads {
            read(if at_end { Ok(Vec::new()) } else { Err(error.clone()) });
        }
        for write in writes {
            (write.done)(Err(error.clone()));
        }
        for close in closers {
            close(closed.clone());
        }
    }
}

impl StreamTarget {
    /// The libvirt function that opens it.
    fn call(&self) -> &'static str {
        if self.channel { "virDomainOpenChannel" } else { "virDomainOpenConsole" }
    }
}

fn begin_thread(call: &'static str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name("libvirt-stream".into()).spawn(run);
    started.map(drop).map_err(|cause| Error::own(Code::InternalError, call, format!("no thread: {cause}")))
}

fn open_here(options: Options, target: StreamTarget, timeout: Duration) -> Result<Stream> {
    let (tell, told) = mpsc::channel();
    let call = target.call();
    let shared = Arc::new(Shared::default());
    let stream = Stream(Arc::clone(&shared));
    // A guest that doesn't answer holds this thread; nothing else.
    begin_thread(call, move || {
        if catch_unwind(AssertUnwindSafe(|| run(&shared, &options, &target, &tell))).is_err() {
            shared.finish(&Error::own(Code::Panic, call, "the stream's thread panicked"), &Ok(()));
        }
    })?;
    match told.recv_timeout(timeout) {
        Ok(opened) => opened.map(|()| stream),
        Err(RecvTimeoutError::Timeout) => Err(Error::own(Code::Timeout, call, "the stream was not opened in time")),
        Err(RecvTimeoutError::Disconnected) => Err(Error::own(Code::Panic, call, "the stream's thread panicked")),
    }
}

fn run(shared: &Arc<Shared>, options: &Options, target: &StreamTarget, tell: &mpsc::Sender<Result<()>>) {
    let opened = Session::open(options).and_then(|mut session| {
        let stream = start(&mut session, target)?;
        Ok((session, stream))
    });
    let (session, stream) = match opened {
        Ok(opened) => opened,
        Err(error) => return drop(tell.send(Err(error))),
    };
    let watch = match Watch::new(shared, &session, &stream) {
        Ok(watch) => watch,
        Err(error) => {
            abort(&stream);
            return drop(tell.send(Err(error)));
        }
    };
    // Nobody waits any more: the stream goes as it came.
    let outcome = if tell.send(Ok(())).is_ok() { serve(shared, &stream) } else { Ok(Ending::Abort) };
    drop(watch);
    let over = Error::own(Code::Closed, "virStreamRecv", "the stream is closed").about(target.domain.to_string());
    match outcome {
        Ok(Ending::Finish) => {
            // SAFETY: a live stream, finished once.
            let closed = check(unsafe { sys::virStreamFinish(stream.as_ptr()) }, "virStreamFinish").map(drop);
            shared.finish(&over, &closed);
        }
        Ok(Ending::Abort) => {
            // Not virStreamAbort: the daemon reads it after what the guest doesn't take, and that may be never. With the
            // connection the stream ends there at once.
            drop(stream);
            drop(session);
            shared.finish(&over, &Ok(()));
        }
        Err(error) => {
            abort(&stream);
            shared.finish(&error.about(target.domain.to_string()), &Ok(()));
        }
    }
}

fn start(session: &mut Session, target: &StreamTarget) -> Result<Handle<sys::virStream>> {
    let device = optional_arg(target.device.as_deref())?;
    // SAFETY: a live connection.
    let raw = unsafe { sys::virStreamNew(session.conn(), sys::VIR_STREAM_NONBLOCK) };
    let stream = Handle::own(raw, "virStreamNew")?;
    session.with_domain(target.domain, |domain| {
        let device = pointer(device.as_ref());
        // SAFETY: a live domain and stream, a text null or NUL-terminated.
        let answer = unsafe {
            if target.channel {
                let flags = bits(&[(target.force, sys::VIR_DOMAIN_CHANNEL_FORCE)]);
                sys::virDomainOpenChannel(domain, device, stream.as_ptr(), flags)
            } else {
                let flags =
                    bits(&[(target.force, sys::VIR_DOMAIN_CONSOLE_FORCE), (target.safe, sys::VIR_DOMAIN_CONSOLE_SAFE)]);
                sys::virDomainOpenConsole(domain, device, stream.as_ptr(), flags)
            }
        };
        check(answer, target.call()).map(drop)
    })?;
    Ok(stream)
}

enum Ending {
    Finish,
    Abort,
}

/// Does what is asked of the stream until it ends.
fn serve(shared: &Shared, stream: &Handle<sys::virStream>) -> Result<Ending> {
    let mut buffer = vec![0u8; PIECE];
    loop {
        let mut state = shared.lock();
        loop {
            if state.closing && (state.abort || state.writes.is_empty()) {
                state.finishing = !state.abort;
                return Ok(if state.abort { Ending::Abort } else { Ending::Finish });
            }
            if state.lost {
                return Err(Error::own(Code::Disconnected, "virStreamRecv", "the daemon went away"));
            }
            if state.can_read() || state.can_write() {
                break;
            }
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (reads, writes) = (state.can_read(), state.can_write());
        drop(state);
        if reads {
            receive(shared, stream, &mut buffer)?;
        }
        if writes {
            send(shared, stream)?;
        }
    }
}

impl State {
    fn can_read(&self) -> bool {
        !self.reads.is_empty() && !self.at_end && self.ready & (READABLE | TROUBLE) != 0
    }

    fn can_write(&self) -> bool {
        !self.writes.is_empty() && self.ready & (WRITABLE | TROUBLE) != 0
    }

    /// Lets libvirt tell again that `event` happens. Under the lock, as the callback does the same.
    fn ask_for(&mut self, stream: &Handle<sys::virStream>, event: c_int) -> Result<()> {
        self.ready &= !(event | TROUBLE);
        self.asked |= event | TROUBLE;
        // SAFETY: a live stream.
        let answer = unsafe { sys::virStreamEventUpdateCallback(stream.as_ptr(), self.asked) };
        check(answer, "virStreamEventUpdateCallback").map(drop)
    }
}

/// What a stream function answers when it would have to wait.
const WOULD_BLOCK: c_int = -2;

fn receive(shared: &Shared, stream: &Handle<sys::virStream>, buffer: &mut [u8]) -> Result<()> {
    // SAFETY: a live stream and a buffer of that size.
    let got = unsafe { sys::virStreamRecv(stream.as_ptr(), buffer.as_mut_ptr().cast::<c_char>(), buffer.len()) };
    if got == WOULD_BLOCK {
        return shared.lock().ask_for(stream, READABLE);
    }
    let got = usize::try_from(check(got, "virStreamRecv")?).unwrap_or(0).min(buffer.len());
    let mut state = shared.lock();
    let waiting = if got == 0 {
        state.at_end = true;
        std::mem::take(&mut state.reads)
    } else {
        state.reads.pop_front().into_iter().collect()
    };
    drop(state);
    for done in waiting {
        done(Ok(buffer[..got].to_vec()));
    }
    Ok(())
}

fn send(shared: &Shared, stream: &Handle<sys::virStream>) -> Result<()> {
    let Some(mut write) = shared.lock().writes.pop_front() else { return Ok(()) };
    let rest = &write.data[write.sent..];
    // SAFETY: a live stream and that many bytes.
    let sent = unsafe { sys::virStreamSend(stream.as_ptr(), rest.as_ptr().cast::<c_char>(), rest.len()) };
    if sent == WOULD_BLOCK {
        let mut state = shared.lock();
        state.writes.push_front(write);
        return state.ask_for(stream, WRITABLE);
    }
    match check(sent, "virStreamSend") {
        Ok(sent) => {
            write.sent += usize::try_from(sent).unwrap_or(0);
            if write.sent < write.data.len() {
                shared.lock().writes.push_front(write);
            } else {
                (write.done)(Ok(()));
            }
            Ok(())
        }
        Err(error) => {
            (write.done)(Err(error.clone()));
            Err(error)
        }
    }
}
