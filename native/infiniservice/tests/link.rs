//! The agent's program against a host that is a unix socket.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use infiniservice_protocol::{GuestFrame, GuestMessage, decode_guest};

/// Long enough for any machine: what waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(120);

struct Host {
    listener: UnixListener,
    folder: PathBuf,
    agent: Child,
}

impl Host {
    fn with_agent(name: &str) -> Self {
        Self::with_agent_of(name, "1")
    }

    /// An agent that tells its samples at this interval, seconds.
    fn with_agent_of(name: &str, interval: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("infiniservice-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("port");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let agent = Command::new(env!("CARGO_BIN_EXE_infiniservice"))
            .args(["--interval", interval, "--port"])
            .arg(&path)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { listener, folder, agent }
    }

    fn accept(&self) -> (UnixStream, BufReader<UnixStream>) {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        (stream, reader)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn next(reader: &mut BufReader<UnixStream>) -> GuestFrame {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).unwrap();
    decode_guest(line.trim_ascii_end()).unwrap()
}

fn until(reader: &mut BufReader<UnixStream>, wanted: impl Fn(&GuestMessage) -> bool) -> GuestFrame {
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        let frame = next(reader);
        if wanted(&frame.message) {
            return frame;
        }
    }
    panic!("the message did not come in time");
}

#[test]
fn each_connection_begins_with_a_handshake_and_numbers_rise_over_it() {
    let host = Host::with_agent("reconnect");
    let (stream, mut reader) = host.accept();
    let first = next(&mut reader);
    assert!(matches!(first.message, GuestMessage::Handshake(_)));
    let sample = until(&mut reader, |m| matches!(m, GuestMessage::Metrics(_)));
    assert!(sample.seq > first.seq && sample.boot_id == first.boot_id);
    drop((stream, reader));
    let (_stream, mut reader) = host.accept();
    let again = next(&mut reader);
    assert!(matches!(again.message, GuestMessage::Handshake(_)));
    assert!(again.seq > sample.seq);
}

#[test]
fn samples_come_at_the_interval() {
    let host = Host::with_agent("interval");
    let (_stream, mut reader) = host.accept();
    for _ in 0..3 {
        until(&mut reader, |m| matches!(m, GuestMessage::Metrics(_)));
    }
}

#[test]
fn samples_come_at_once_when_asked() {
    // None comes by itself before the reader gives up.
    let host = Host::with_agent_of("ask", "3600");
    let (mut stream, mut reader) = host.accept();
    for _ in 0..3 {
        stream.write_all(b"{\"type\":\"Metrics\"}\n").unwrap();
        until(&mut reader, |m| matches!(m, GuestMessage::Metrics(_)));
    }
}

#[test]
fn nonsense_from_the_host_is_answered_a_few_times_and_the_agent_goes_on() {
    let host = Host::with_agent("nonsense");
    let (mut stream, mut reader) = host.accept();
    for _ in 0..50 {
        stream.write_all(b"{not json}\n{\"type\":\"warp\"}\n").unwrap();
    }
    stream.write_all(&vec![b'x'; 200_000]).unwrap();
    stream.write_all(b"\n").unwrap();
    let error = until(&mut reader, |m| matches!(m, GuestMessage::Error(_)));
    assert!(matches!(error.message, GuestMessage::Error(e) if e.error == "malformed"));
    until(&mut reader, |m| matches!(m, GuestMessage::Metrics(_)));
    until(&mut reader, |m| matches!(m, GuestMessage::Metrics(_)));
}

#[test]
fn a_host_that_does_not_read_gets_fresh_samples_when_it_reads_again() {
    let host = Host::with_agent("deaf");
    let (mut stream, mut reader) = host.accept();
    // More answers than the socket (208 KiB, at most 170 frames) and the outbox (64) hold; each looks through all of /proc.
    for _ in 0..300 {
        stream.write_all(b"{\"type\":\"Metrics\"}\n").unwrap();
    }
    let dropped = until(&mut reader, |m| matches!(m, GuestMessage::Metrics(s) if s.dropped_frames > Some(0)));
    assert!(dropped.seq.is_some());
}
