//! Sockets and timers of libvirt, over epoll. Changes take effect at once, without waking the thread that waits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use libc::{c_int, c_uint, c_void};
use rustc_hash::FxHashMap;
use virt_sys as sys;

use super::timers::Timers;

type HandleCall = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void);
type TimerCall = unsafe extern "C" fn(c_int, *mut c_void);

/// The number of our own wake-up in the kernel's set: libvirt's begin at 1.
const WAKE_UP: u64 = 0;
/// Taken from the kernel at a time.
const BATCH: usize = 64;

/// What libvirt wants back with each call, and how it is freed.
#[derive(Clone, Copy)]
pub(super) struct Receiver {
    pub opaque: *mut c_void,
    pub free: sys::virFreeCallback,
}

// SAFETY: a pointer that is only handed back to libvirt, whose callbacks take any thread.
unsafe impl Send for Receiver {}
// SAFETY: as above; it is only read.
unsafe impl Sync for Receiver {}

struct Handle {
    fd: RawFd,
    /// The kernel's set holds a descriptor once: a second handle on it watches a duplicate.
    duplicate: Option<OwnedFd>,
    events: AtomicU32,
    call: HandleCall,
    receiver: Receiver,
}

#[derive(Default)]
struct State {
    timers: Timers<(TimerCall, Receiver)>,
    /// Removed; freed by the loop's thread, which may be inside their callback still.
    retired: Vec<Receiver>,
    /// When the waiting thread looks again by itself. None while it doesn't wait.
    looks_again: Option<Instant>,
}

pub(super) struct Reactor {
    epoll: OwnedFd,
    wake: File,
    last_watch: AtomicI32,
    /// Apart from the rest, and read for nearly everything: all connections pass here in each of their calls.
    handles: RwLock<FxHashMap<c_int, Arc<Handle>>>,
    state: Mutex<State>,
}

impl Reactor {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no arguments but flags; the descriptors are new and ours.
        let (epoll, wake) = unsafe {
            let epoll = OwnedFd::from_raw_fd(checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?);
            (epoll, File::from_raw_fd(checked(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?))
        };
        let reactor =
            Self { epoll, wake, last_watch: AtomicI32::new(0), handles: RwLock::default(), state: Mutex::default() };
        reactor.control(libc::EPOLL_CTL_ADD, reactor.wake.as_raw_fd(), WAKE_UP, libc::EPOLLIN.cast_unsigned())?;
        Ok(reactor)
    }

    pub(super) fn add_handle(
        &self,
        fd: RawFd,
        events: c_uint,
        call: HandleCall,
        receiver: Receiver,
    ) -> io::Result<c_int> {
        let mut handles = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        let watch = self.last_watch.fetch_add(1, Ordering::Relaxed) + 1;
        let duplicate = match self.control(libc::EPOLL_CTL_ADD, fd, number(watch), wanted(events)) {
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {
                // SAFETY: libvirt's descriptor is open during this call.
                let duplicate = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
                self.control(libc::EPOLL_CTL_ADD, duplicate.as_raw_fd(), number(watch), wanted(events))?;
                Some(duplicate)
            }
            other => other.map(|()| None)?,
        };
        let events = AtomicU32::new(events);
        handles.insert(watch, Arc::new(Handle { fd, duplicate, events, call, receiver }));
        Ok(watch)
    }

    /// Twice in every call of every connection: two system calls, no thread is woken. libvirt never makes two updates of
    /// one handle at a time.
    pub(super) fn update_handle(&self, watch: c_int, events: c_uint) {
        let Some(handle) = self.handle(watch) else { return };
        if handle.events.swap(events, Ordering::AcqRel) != events {
            // A descriptor that libvirt closed before it says so has left the kernel's set by itself.
            let _ = self.control(libc::EPOLL_CTL_MOD, handle.watched(), number(watch), wanted(events));
        }
    }

    pub(super) fn remove_handle(&self, watch: c_int) -> bool {
        let removed = self.handles.write().unwrap_or_else(PoisonError::into_inner).remove(&watch);
        let Some(handle) = removed else { return false };
        let _ = self.control(libc::EPOLL_CTL_DEL, handle.watched(), number(watch), 0);
        self.lock().retired.push(handle.receiver);
        self.wake_up();
        true
    }

    fn handle(&self, watch: c_int) -> Option<Arc<Handle>> {
        self.handles.read().unwrap_or_else(PoisonError::into_inner).get(&watch).cloned()
    }

    pub(super) fn add_timer(&self, milliseconds: c_int, call: TimerCall, receiver: Receiver) -> c_int {
        let mut state = self.lock();
        let timer = state.timers.add(milliseconds, (call, receiver), Instant::now());
        self.look_in_time(&state, state.timers.first_due());
        timer
    }

    /// In every answer of a daemon, which puts keep-alive off: never wakes the thread for a later time.
    pub(super) fn update_timer(&self, timer: c_int, milliseconds: c_int) {
        let mut state = self.lock();
        let due = state.timers.update(timer, milliseconds, Instant::now());
        self.look_in_time(&state, due);
    }

    pub(super) fn remove_timer(&self, timer: c_int) -> bool {
        let mut state = self.lock();
        let Some((_, receiver)) = state.timers.remove(timer) else { return false };
        state.retired.push(receiver);
        self.wake_up();
        true
    }

    pub(super) fn run(&self) {
        loop {
            self.turn();
        }
    }

    /// Waits once, and calls what is due.
    fn turn(&self) {
        // SAFETY: plain data for which all zeroes is a value.
        let mut ready: [libc::epoll_event; BATCH] = unsafe { std::mem::zeroed() };
        let room = c_int::try_from(BATCH).unwrap_or(c_int::MAX);
        let wait = self.begin_wait();
        // SAFETY: room for as many as are told.
        let count = unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), ready.as_mut_ptr(), room, wait) };
        self.lock().looks_again = None;
        for event in ready.iter().take(usize::try_from(count).unwrap_or(0)) {
            match (event.u64, event.events) {
                (WAKE_UP, _) => drop((&self.wake).read(&mut [0; 8])),
                (watch, told) => self.call_handle(watch, told),
            }
        }
        self.call_timers();
        self.free_retired();
    }

    /// The time until a timer is due, in ms for the kernel: rounded up, so that it is due then.
    fn begin_wait(&self) -> c_int {
        let mut state = self.lock();
        let now = Instant::now();
        let due = state.timers.first_due();
        // Without a timer any new one is sooner.
        state.looks_again = Some(due.unwrap_or(now + Duration::from_secs(86_400)));
        let rest = due.map(|due| due.saturating_duration_since(now).as_micros().div_ceil(1_000));
        rest.map_or(-1, |rest| c_int::try_from(rest).unwrap_or(c_int::MAX))
    }

    fn call_handle(&self, watch: u64, told: u32) {
        let Ok(watch) = c_int::try_from(watch) else { return };
        let Some(handle) = self.handle(watch) else { return };
        let events = handle.events.load(Ordering::Acquire);
        // A switched-off handle hears nothing, not even of the end of its peer.
        let told = heard(told) & (events | sys::VIR_EVENT_HANDLE_ERROR | sys::VIR_EVENT_HANDLE_HANGUP);
        if events != 0 && told != 0 {
            // SAFETY: libvirt's callback with its own pointer, which is freed on this thread only.
            unsafe { (handle.call)(watch, handle.fd, told.cast_signed(), handle.receiver.opaque) };
        }
    }

    fn call_timers(&self) {
        let due = self.lock().timers.due(Instant::now());
        for timer in due {
            let fired = self.lock().timers.fire(timer, Instant::now());
            if let Some((call, receiver)) = fired {
                // SAFETY: as in `call_handle`.
                unsafe { call(timer, receiver.opaque) };
            }
        }
    }

    fn free_retired(&self) {
        let retired = std::mem::take(&mut self.lock().retired);
        for Receiver { opaque, free } in retired {
            if let Some(free) = free {
                // SAFETY: removed, and this thread is in no callback: nobody uses it any more.
                unsafe { free(opaque) };
            }
        }
    }

    fn look_in_time(&self, state: &State, due: Option<Instant>) {
        if state.looks_again.zip(due).is_some_and(|(looks, due)| due < looks) {
            self.wake_up();
        }
    }

    fn wake_up(&self) {
        // Full means that it is woken already.
        let _ = (&self.wake).write(&1u64.to_ne_bytes());
    }

    fn control(&self, what: c_int, fd: RawFd, number: u64, events: u32) -> io::Result<()> {
        let mut event = libc::epoll_event { events, u64: number };
        // SAFETY: descriptors and a place that the kernel reads.
        checked(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), what, fd, &raw mut event) }).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        let handles = std::mem::take(self.handles.get_mut().unwrap_or_else(PoisonError::into_inner));
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.retired.extend(handles.into_values().map(|handle| handle.receiver));
        state.retired.extend(state.timers.take_all().map(|(_, receiver)| receiver));
        self.free_retired();
    }
}

impl Handle {
    fn watched(&self) -> RawFd {
        self.duplicate.as_ref().map_or(self.fd, AsRawFd::as_raw_fd)
    }
}

fn number(watch: c_int) -> u64 {
    u64::try_from(watch).unwrap_or(WAKE_UP)
}

const PAIRS: [(c_uint, c_int); 4] = [
    (sys::VIR_EVENT_HANDLE_READABLE, libc::EPOLLIN),
    (sys::VIR_EVENT_HANDLE_WRITABLE, libc::EPOLLOUT),
    (sys::VIR_EVENT_HANDLE_ERROR, libc::EPOLLERR),
    (sys::VIR_EVENT_HANDLE_HANGUP, libc::EPOLLHUP),
];

/// The kernel's word for libvirt's events. The kernel tells errors of a handle that is switched off too: only once.
fn wanted(events: c_uint) -> u32 {
    let word = PAIRS.iter().filter(|(ours, _)| events & ours != 0).fold(0, |word, (_, theirs)| word | theirs);
    (if word == 0 { libc::EPOLLET } else { word }).cast_unsigned()
}

fn heard(told: u32) -> c_uint {
    PAIRS.iter().filter(|(_, theirs)| told & theirs.cast_unsigned() != 0).fold(0, |word, (ours, _)| word | ours)
}

fn checked(answer: c_int) -> io::Result<c_int> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

#[cfg(test)]
mod tests;
