use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::*;

#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    events: AtomicUsize,
    freed: AtomicUsize,
}

fn receiver(seen: &Arc<Seen>) -> Receiver {
    Receiver { opaque: Arc::into_raw(Arc::clone(seen)).cast_mut().cast(), free: Some(free) }
}

unsafe extern "C" fn on_handle(_watch: c_int, _fd: c_int, events: c_int, opaque: *mut c_void) {
    // SAFETY: made by `receiver`, and not freed yet.
    let seen = unsafe { &*opaque.cast::<Seen>() };
    seen.calls.fetch_add(1, Ordering::SeqCst);
    seen.events.fetch_or(usize::try_from(events).unwrap_or(0), Ordering::SeqCst);
}

unsafe extern "C" fn on_timer(_timer: c_int, opaque: *mut c_void) {
    // SAFETY: as above.
    unsafe { on_handle(0, 0, 0, opaque) };
}

unsafe extern "C" fn free(opaque: *mut c_void) {
    // SAFETY: the reference that `receiver` gave away.
    let seen = unsafe { Arc::from_raw(opaque.cast::<Seen>()) };
    seen.freed.fetch_add(1, Ordering::SeqCst);
}

fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which are ours.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1]))
    }
}

/// A loop that is never silent: without a timer a turn would wait for ever.
fn sut() -> (Reactor, Arc<Seen>) {
    let (reactor, beat) = (Reactor::new().expect("epoll"), Arc::new(Seen::default()));
    reactor.add_timer(1, on_timer, receiver(&beat));
    (reactor, Arc::default())
}

fn calls(seen: &Seen) -> usize {
    seen.calls.load(Ordering::SeqCst)
}

#[test]
fn a_handle_hears_what_it_wants_to_hear_and_only_while_it_does() {
    let ((sut, seen), (reader, mut writer)) = (sut(), pipe());
    let readable = sys::VIR_EVENT_HANDLE_READABLE;
    let watch = sut.add_handle(reader.as_raw_fd(), 0, on_handle, receiver(&seen)).expect("added");
    writer.write_all(b"x").expect("written");
    sut.turn();
    assert_eq!(calls(&seen), 0);
    sut.update_handle(watch, readable);
    sut.turn();
    assert_eq!((calls(&seen), seen.events.load(Ordering::SeqCst)), (1, readable as usize));
    sut.update_handle(watch, 0);
    drop(writer);
    sut.turn();
    sut.turn();
    assert_eq!(calls(&seen), 1);
    sut.update_handle(watch, readable);
    sut.turn();
    assert_ne!(seen.events.load(Ordering::SeqCst) & sys::VIR_EVENT_HANDLE_HANGUP as usize, 0);
    assert!(sut.remove_handle(watch) && !sut.remove_handle(watch));
    assert_eq!(seen.freed.load(Ordering::SeqCst), 0);
    sut.turn();
    assert_eq!(seen.freed.load(Ordering::SeqCst), 1);
}

#[test]
fn the_end_of_a_peer_does_not_spin_a_handle_that_is_off() {
    let ((sut, seen), (reader, writer)) = (sut(), pipe());
    sut.add_handle(reader.as_raw_fd(), 0, on_handle, receiver(&seen)).expect("added");
    drop(writer);
    let mut ready: [libc::epoll_event; BATCH] = [libc::epoll_event { events: 0, u64: 0 }; BATCH];
    // SAFETY: room for as many as are told.
    let mut told = || unsafe { libc::epoll_wait(sut.epoll.as_raw_fd(), ready.as_mut_ptr(), 64, 0) };
    assert!(told() <= 1);
    assert_eq!(told(), 0);
}

#[test]
fn a_descriptor_may_be_watched_twice() {
    let ((sut, seen), (reader, mut writer)) = (sut(), pipe());
    let readable = sys::VIR_EVENT_HANDLE_READABLE;
    let first = sut.add_handle(reader.as_raw_fd(), readable, on_handle, receiver(&seen)).expect("added");
    let second = sut.add_handle(reader.as_raw_fd(), readable, on_handle, receiver(&seen)).expect("added twice");
    writer.write_all(b"x").expect("written");
    sut.turn();
    assert_eq!(calls(&seen), 2);
    assert!(sut.remove_handle(first));
    sut.turn();
    assert_eq!(calls(&seen), 3);
    assert!(sut.remove_handle(second));
}

#[test]
fn what_can_not_be_watched_is_refused() {
    let (sut, seen) = sut();
    let refused = receiver(&seen);
    assert!(sut.add_handle(-1, sys::VIR_EVENT_HANDLE_READABLE, on_handle, refused).is_err());
    // SAFETY: refused, so still ours.
    unsafe { free(refused.opaque) };
    sut.update_handle(77, 1);
    sut.update_timer(77, 1);
    assert!(!sut.remove_handle(77) && !sut.remove_timer(77));
}

#[test]
fn a_sooner_timer_wakes_the_waiting_thread() {
    let sut = Arc::new(Reactor::new().expect("epoll"));
    let seen = Arc::<Seen>::default();
    let off = sut.add_timer(-1, on_timer, receiver(&seen));
    let (waiting, ended) = (Arc::clone(&sut), Arc::new(AtomicBool::new(false)));
    let end = Arc::clone(&ended);
    let turns = thread::spawn(move || {
        while !end.load(Ordering::SeqCst) {
            waiting.turn();
        }
    });
    while sut.lock().looks_again.is_none() {
        thread::yield_now();
    }
    sut.update_timer(off, 1);
    while calls(&seen) < 3 {
        thread::yield_now();
    }
    ended.store(true, Ordering::SeqCst);
    turns.join().expect("no panic");
    assert!(sut.remove_timer(off));
}
