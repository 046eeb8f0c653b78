//! The agent's life: open the port, shake hands, send samples, read what the host says; when the link breaks, again.
//!
//! ```text
//!   closed --open--> waiting for the host --host is there--> talking
//!     ^  back-off 1..30 s    ^                                  |
//!     |                      +-- host went away (device) -------+
//!     +------------ error, or the end of a socket --------------+
//! ```

use std::io::{self, Read};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use infiniservice_protocol::{
    AgentError, GuestMessage, Handshake, HostMessage, KeepAlive, LineReader, decode_host, encode,
};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::identity::Identity;
use crate::outbox::{Kind, Outbox};
use crate::port::Port;
use crate::sample::Sampler;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How often a device is looked at while nobody is at its other end.
const LOOK_FOR_HOST: Duration = Duration::from_millis(500);
/// Errors answered in a second: a host that talks nonsense must not fill its own channel with our complaints.
const ERRORS_PER_SECOND: u32 = 5;

/// Serves for ever.
pub fn serve(arguments: &Arguments, identity: &mut Identity, sampler: &mut Sampler) -> ExitCode {
    let mut agent = Agent {
        arguments,
        identity,
        sampler,
        outbox: Outbox::default(),
        keep_alives: 0,
        next_sample: Instant::now() + FIRST_PAUSE,
        next_keep_alive: Instant::now() + KEEP_ALIVE,
        complaints: (Instant::now(), 0),
    };
    let mut pause = FIRST_PAUSE;
    loop {
        match Port::open(&arguments.port) {
            Ok(mut port) => {
                let talked = agent.hold(&mut port);
                agent.outbox.disconnected();
                if talked {
                    pause = FIRST_PAUSE;
                }
            }
            Err(error) => eprintln!("infiniservice: {}: {error}", arguments.port.display()),
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Agent<'a> {
    arguments: &'a Arguments,
    identity: &'a mut Identity,
    sampler: &'a mut Sampler,
    outbox: Outbox,
    keep_alives: u64,
    next_sample: Instant,
    next_keep_alive: Instant,
    complaints: (Instant, u32),
}

impl Agent<'_> {
    /// Talks over an open port until it breaks. True when a host was there.
    fn hold(&mut self, port: &mut Port) -> bool {
        let mut reader = LineReader::default();
        let mut host_is_there = false;
        let mut talked = false;
        loop {
            let wanted = host_is_there && !self.outbox.is_empty();
            let at_most = if host_is_there { self.until_due() } else { LOOK_FOR_HOST };
            let Ok(ready) = port.wait(wanted || !host_is_there, at_most) else { return talked };
            if ready.away {
                if !port.is_device() {
                    return talked;
                }
                if host_is_there {
                    self.outbox.disconnected();
                    reader.reset();
                    host_is_there = false;
                }
                // The poll of a hung-up device returns at once.
                thread::sleep(LOOK_FOR_HOST);
                continue;
            }
            if !host_is_there && (ready.write || ready.read) {
                host_is_there = true;
                talked = true;
                self.greet();
            }
            if ready.read && self.read(port, &mut reader).is_err() {
                return talked;
            }
            if host_is_there {
                self.speak_when_due();
                if self.outbox.write_to(port).is_err() {
                    return talked;
                }
            }
        }
    }

    fn until_due(&self) -> Duration {
        self.next_sample.min(self.next_keep_alive).saturating_duration_since(Instant::now())
    }

    fn greet(&mut self) {
        let handshake = GuestMessage::Handshake(Handshake {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: std::env::consts::OS.to_owned(),
            capabilities: vec!["metrics".to_owned()],
            interval_ms: u64::try_from(self.arguments.interval.as_millis()).ok(),
        });
        if let Ok(line) = encode(&self.identity.frame(handshake)) {
            self.outbox.connected(line);
        }
        // A host that has just come wants a sample soon, with rates over a fresh interval.
        self.next_sample = self.next_sample.min(Instant::now() + FIRST_PAUSE);
        self.next_keep_alive = Instant::now() + KEEP_ALIVE;
    }

    fn speak_when_due(&mut self) {
        let now = Instant::now();
        if now >= self.next_sample {
            self.send_sample();
        }
        if now >= self.next_keep_alive {
            self.next_keep_alive = now + KEEP_ALIVE;
            self.keep_alives += 1;
            let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
            self.send(Kind::Other, GuestMessage::KeepAlive(KeepAlive { sequence_number: self.keep_alives, timestamp }));
        }
    }

    fn send_sample(&mut self) {
        self.next_sample = Instant::now() + self.arguments.interval;
        let metrics = self.sampler.sample(self.outbox.dropped());
        self.send(Kind::Metrics, GuestMessage::Metrics(Box::new(metrics)));
    }

    fn send(&mut self, kind: Kind, message: GuestMessage) {
        match encode(&self.identity.frame(message)) {
            Ok(line) => self.outbox.push(kind, line),
            Err(error) => eprintln!("infiniservice: a message was not sent: {error}"),
        }
    }

    fn read(&mut self, port: &mut Port, reader: &mut LineReader) -> io::Result<()> {
        let mut buffer = [0u8; 4096];
        let count = match port.read(&mut buffer) {
            // A device reads nothing while its host goes away; poll says so next. A socket is at its end.
            Ok(0) if port.is_device() => return Ok(()),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for line in reader.feed(&buffer[..count]) {
            match line.and_then(|line| decode_host(&line)) {
                Ok(HostMessage::Metrics) => self.send_sample(),
                Ok(HostMessage::KeepAliveResponse { .. }) => {}
                Ok(HostMessage::Signed { .. }) => self.complain("unsupported", "this agent runs no commands"),
                Ok(HostMessage::Unknown) => self.complain("unknown_message", "this agent does not know this message"),
                Err(error) => self.complain("malformed", &error.to_string()),
            }
        }
        Ok(())
    }

    fn complain(&mut self, error: &str, details: &str) {
        let now = Instant::now();
        if now.duration_since(self.complaints.0) >= Duration::from_secs(1) {
            self.complaints = (now, 0);
        }
        self.complaints.1 += 1;
        if self.complaints.1 <= ERRORS_PER_SECOND {
            let error = AgentError { error: error.to_owned(), details: Value::from(details) };
            self.send(Kind::Other, GuestMessage::Error(error));
        }
    }
}
