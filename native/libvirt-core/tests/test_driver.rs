//! The pool on libvirt's in-process test driver.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use libvirt_core::ops::domain_lifecycle::StartFlags;
use libvirt_core::ops::domain_list::DomainFilter;
use libvirt_core::{Code, Connection, Error, Event, Options, Request, Session, Uuid};

fn open(uri: &str, workers: usize) -> Connection {
    Connection::open(Options { workers, ..Options::new(uri) }, Arc::new(|_| {})).unwrap()
}

fn domain_xml(name: &str) -> String {
    format!("<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os></domain>")
}

fn on(domain: u8, timeout: u64) -> Request {
    Request {
        subject: Some(Uuid([domain; 16])),
        timeout: Some(Duration::from_millis(timeout)),
        ..Request::new("sleep")
    }
}

fn sleep_for(ms: u64) -> impl FnOnce(&mut Session) -> Result<(), Error> + Send {
    move |_| {
        thread::sleep(Duration::from_millis(ms));
        Ok(())
    }
}

fn submit(connection: &Connection, request: Request, ms: u64) -> Receiver<Result<(), Error>> {
    let (tell, told) = mpsc::channel();
    connection.submit(request, sleep_for(ms), move |answer| drop(tell.send(answer)));
    told
}

/// A call that is stuck until the sender is dropped.
fn stick(connection: &Connection, request: Request) -> (mpsc::Sender<()>, Receiver<Result<(), Error>>) {
    let (release, held) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    connection.submit(
        request,
        move |_| {
            let _ = held.recv();
            Ok(())
        },
        move |answer| drop(tell.send(answer)),
    );
    (release, told)
}

/// Long enough for any machine: what waits for this has failed.
const NEVER: Duration = Duration::from_secs(120);

fn code_of(answer: Result<(), Error>) -> Option<Code> {
    answer.err().map(|error| error.code)
}

#[test]
fn every_worker_sees_the_same_domains() {
    let connection = open("test:///default", 6);
    let name = "seen-by-all";
    let defined = connection.call(Request::new("define"), move |s| s.define_domain(&domain_xml(name), false)).unwrap();
    let (tell, told) = mpsc::channel();
    for _ in 0..60 {
        let tell = tell.clone();
        connection.submit(
            Request::new("list"),
            |session| {
                thread::sleep(Duration::from_millis(2));
                session.list_domains(DomainFilter::default())
            },
            move |answer| drop(tell.send(answer)),
        );
    }
    drop(tell);
    let lists: Vec<_> = told.iter().map(Result::unwrap).collect();
    assert_eq!(lists.len(), 60);
    assert!(lists.iter().all(|list| list.iter().any(|d| d.uuid == defined.uuid && d.state == "shutoff")));
}

#[test]
fn a_driver_with_state_of_its_own_is_shared_by_the_workers() {
    let folder = std::env::temp_dir().join(format!("libvirt-core-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("node.xml");
    std::fs::write(&file, format!("<node>{}</node>", domain_xml("only-here"))).unwrap();
    let connection = open(&format!("test://{}", file.display()), 4);
    let found = connection.call(Request::new("find"), |s| s.find_domain_by_name("only-here")).unwrap();
    let answers: Vec<_> = (0..20)
        .map(|_| {
            let (tell, told) = mpsc::channel();
            let uuid = found.uuid;
            connection.submit(Request::new("state"), move |s| s.domain_state(uuid), move |a| drop(tell.send(a)));
            told
        })
        .collect();
    assert!(answers.iter().all(|a| a.recv().unwrap().unwrap().state == "running"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_missing_domain_is_no_domain_and_named() {
    let connection = open("test:///default", 1);
    let error = connection.call(Request::new("info"), |s| s.domain_info(Uuid([9; 16]))).unwrap_err();
    assert_eq!((error.code, error.domain, error.call), (Code::NoDomain, "TEST", "virDomainLookupByUUID"));
    assert_eq!(error.object.as_deref(), Some("09090909-0909-0909-0909-090909090909"));
}

#[test]
fn a_missing_daemon_is_an_error_of_open() {
    let options = Options::new("qemu+unix:///system?socket=/nonexistent/libvirt-sock");
    let error = Connection::open(options, Arc::new(|_| {})).err().unwrap();
    assert_eq!((error.code, error.call), (Code::SystemError, "virConnectOpen"));
}

#[test]
fn a_deadline_holds_while_the_call_is_stuck_and_the_worker_is_used_again() {
    let connection = open("test:///default", 1);
    let (release, stuck) = stick(&connection, on(1, 60));
    assert_eq!(code_of(stuck.recv_timeout(NEVER).unwrap()), Some(Code::Timeout));
    drop(release);
    assert!(connection.call(Request::new("hostname"), Session::hostname).is_ok());
}

#[test]
fn a_panic_is_an_answer_and_the_worker_lives() {
    let connection = open("test:///default", 1);
    let error = connection.call(Request::new("boom"), |_| -> Result<(), Error> { panic!("kaboom") }).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::Panic, "kaboom"));
    assert!(connection.call(Request::new("hostname"), Session::hostname).is_ok());
}

#[test]
fn stuck_workers_do_not_hold_up_a_call_on_another_domain() {
    let connection = open("test:///default", 2);
    let stuck: Vec<_> = (0..100).map(|i| stick(&connection, on(u8::try_from(i % 8).unwrap(), 600_000))).collect();
    // None of them ends before this one is answered.
    let (release, other) = stick(&connection, on(99, 600_000));
    drop(release);
    assert_eq!(code_of(other.recv_timeout(NEVER).unwrap()), None);
    let answers: Vec<_> = stuck
        .into_iter()
        .map(|(release, told)| {
            drop(release);
            told
        })
        .collect();
    drop(connection);
    assert!(answers.iter().all(|told| told.recv_timeout(NEVER).is_ok()));
}

#[test]
fn a_call_comes_on_behind_a_long_one_that_was_taken_in_with_it() {
    let connection = open("test:///default", 4);
    let warm: Vec<_> = (0..4).map(|i| stick(&connection, on(i, 600_000))).collect();
    for (release, told) in warm {
        drop(release);
        told.recv_timeout(NEVER).unwrap().unwrap();
    }
    // The first deadline is this one's: nothing else makes the watcher look meanwhile.
    let (_stuck, _) = stick(&connection, on(9, 500_000));
    for _ in 0..10 {
        // Until all threads sleep: both calls are then queued before either is begun, and a worker puts the second aside.
        thread::sleep(Duration::from_millis(60));
        let (release, long) = stick(&connection, on(5, 600_000));
        let (free, second) = stick(&connection, on(5, 600_000));
        drop(free);
        assert_eq!(code_of(second.recv_timeout(NEVER).unwrap()), None);
        drop(release);
        long.recv_timeout(NEVER).unwrap().unwrap();
    }
}

#[test]
fn one_domain_never_has_more_than_two_calls_in_flight() {
    let connection = open("test:///default", 8);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (tell, told) = mpsc::channel();
    for _ in 0..10 {
        let (now, most, tell) = (Arc::clone(&now), Arc::clone(&most), tell.clone());
        connection.submit(
            on(5, 5000),
            move |_| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(80));
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            },
            move |answer| drop(tell.send(answer)),
        );
    }
    drop(tell);
    assert_eq!(told.iter().flatten().count(), 10);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_cancelled_call_is_answered_at_once_and_never_begins() {
    let connection = open("test:///default", 1);
    let begun = Arc::new(AtomicUsize::new(0));
    let stuck: Vec<_> = (0..3).map(|_| stick(&connection, on(1, 600_000))).collect();
    let (tell, told) = mpsc::channel();
    let count = Arc::clone(&begun);
    let id = connection.submit(
        on(1, 600_000),
        move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
        move |answer| drop(tell.send(answer)),
    );
    connection.cancel(id);
    assert_eq!(code_of(told.recv_timeout(NEVER).unwrap()), Some(Code::Cancelled));
    let answers = stuck.into_iter().map(|(release, told)| {
        drop(release);
        told
    });
    assert!(answers.collect::<Vec<_>>().iter().all(|told| told.recv_timeout(NEVER).unwrap().is_ok()));
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

#[test]
fn close_answers_what_is_open_and_says_when_it_is_done() {
    let connection = open("test:///default", 1);
    let calls: Vec<_> = (0..5).map(|i| submit(&connection, on(i, 5000), 200)).collect();
    let (tell, told) = mpsc::channel();
    connection.close(move || {
        let _ = tell.send(());
    });
    assert!(calls.iter().all(|c| code_of(c.recv().unwrap()) == Some(Code::Closed)));
    assert!(told.recv_timeout(NEVER).is_ok());
    assert_eq!(code_of(submit(&connection, on(1, 100), 0).recv().unwrap()), Some(Code::Closed));
    let (tell, told) = mpsc::channel();
    connection.close(move || {
        let _ = tell.send(());
    });
    assert!(told.recv_timeout(NEVER).is_ok());
}

#[test]
fn every_call_is_answered_before_close_is_done() {
    for _ in 0..100 {
        let connection = open("test:///default", 2);
        let (tell, told) = mpsc::channel();
        for _ in 0..3 {
            let tell = tell.clone();
            connection.submit(Request::new("hostname"), Session::hostname, move |_| {
                let _ = tell.send("answer");
            });
        }
        connection.close(move || {
            let _ = tell.send("closed");
        });
        let order: Vec<_> = told.iter().collect();
        assert_eq!(order, ["answer", "answer", "answer", "closed"]);
    }
}

#[test]
fn events_come_in_the_order_of_the_calls() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (sink, (tell, told)) = (Arc::clone(&seen), mpsc::channel());
    let connection = Connection::open(
        Options::new("test:///default"),
        Arc::new(move |event| {
            if let Event::DomainLifecycle { name, event, detail, .. } = event
                && name == "eventful"
            {
                sink.lock().unwrap().push((event, detail));
                let _ = tell.send(());
            }
        }),
    )
    .unwrap();
    connection
        .call(Request::new("life"), |session| {
            let uuid = session.define_domain(&domain_xml("eventful"), false)?.uuid;
            session.start_domain(uuid, StartFlags::default())?;
            session.suspend_domain(uuid)?;
            session.resume_domain(uuid)?;
            session.destroy_domain(uuid, false)
        })
        .unwrap();
    for _ in 0..5 {
        told.recv_timeout(NEVER).unwrap();
    }
    let wanted = [
        ("defined", "added"),
        ("started", "booted"),
        ("suspended", "paused"),
        ("resumed", "unpaused"),
        ("stopped", "destroyed"),
    ];
    assert_eq!(*seen.lock().unwrap(), wanted);
}
