//! What waits to be written. Bounded: a host that doesn't read costs old samples, never memory or time.

use std::collections::VecDeque;
use std::io::{self, Write};

/// Frames kept for a slow host.
const MAX_FRAMES: usize = 64;

/// What may be dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A newer one replaces it.
    Metrics,
    /// Kept as long as anything else can go.
    Other,
}

#[derive(Debug, Default)]
pub struct Outbox {
    frames: VecDeque<(Kind, Vec<u8>)>,
    /// Bytes of the first frame that are written.
    written: usize,
    dropped: u64,
    /// The host got the beginning of a line and then went away.
    cut: bool,
}

impl Outbox {
    pub fn push(&mut self, kind: Kind, line: Vec<u8>) {
        if self.frames.len() >= MAX_FRAMES {
            self.drop_one();
        }
        self.frames.push_back((kind, line));
    }

    /// The oldest sample goes, or the oldest frame when there is none; never the one that is half written.
    fn drop_one(&mut self) {
        let first = usize::from(self.written > 0);
        let oldest = (first..self.frames.len()).find(|i| self.frames[*i].0 == Kind::Metrics).unwrap_or(first);
        if self.frames.remove(oldest).is_some() {
            self.dropped += 1;
        }
    }

    /// Frames dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Writes what the port takes now. `WouldBlock` is no error: the rest waits.
    pub fn write_to(&mut self, port: &mut impl Write) -> io::Result<()> {
        while let Some((_, line)) = self.frames.front() {
            match port.write(&line[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count;
                    if self.written == line.len() {
                        self.frames.pop_front();
                        self.written = 0;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The host went away: a frame that it has half of is dropped.
    pub fn disconnected(&mut self) {
        if self.written > 0 {
            self.frames.pop_front();
            self.written = 0;
            self.dropped += 1;
            self.cut = true;
        }
    }

    /// A new host: the handshake goes first. Old samples are of no use to it. When a line was cut, an empty one ends
    /// it, lest the same host takes the rest and the handshake for one line.
    pub fn connected(&mut self, mut handshake: Vec<u8>) {
        if std::mem::take(&mut self.cut) {
            handshake.insert(0, b'\n');
        }
        let before = self.frames.len();
        self.frames.retain(|(kind, _)| *kind == Kind::Other);
        self.dropped += (before - self.frames.len()) as u64;
        self.frames.push_front((Kind::Other, handshake));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a number of bytes, then blocks.
    struct Narrow(usize, Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.0);
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0 -= count;
            self.1.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(number: usize) -> Vec<u8> {
        format!("{number}\n").into_bytes()
    }

    #[test]
    fn a_host_that_does_not_read_costs_the_oldest_samples_and_they_are_counted() {
        let mut outbox = Outbox::default();
        outbox.push(Kind::Other, b"handshake\n".to_vec());
        for number in 0..1000 {
            outbox.push(Kind::Metrics, line(number));
        }
        assert_eq!(outbox.dropped(), 1000 + 1 - MAX_FRAMES as u64);
        let mut port = Narrow(usize::MAX, Vec::new());
        assert!(outbox.write_to(&mut port).is_ok());
        let text = String::from_utf8_lossy(&port.1).into_owned();
        assert!(text.starts_with("handshake\n937\n") && text.ends_with("999\n"), "{text}");
    }

    #[test]
    fn a_half_written_line_goes_on_where_it_was() {
        let mut outbox = Outbox::default();
        outbox.push(Kind::Metrics, b"abcdef\n".to_vec());
        let mut port = Narrow(3, Vec::new());
        assert!(outbox.write_to(&mut port).is_ok());
        port.0 = 100;
        assert!(outbox.write_to(&mut port).is_ok());
        assert_eq!(port.1, b"abcdef\n");
    }

    #[test]
    fn a_new_host_gets_the_handshake_first_and_no_half_line() {
        let mut outbox = Outbox::default();
        outbox.push(Kind::Metrics, b"abcdef\n".to_vec());
        outbox.push(Kind::Metrics, b"old\n".to_vec());
        assert!(outbox.write_to(&mut Narrow(3, Vec::new())).is_ok());
        outbox.disconnected();
        outbox.connected(b"hello\n".to_vec());
        let mut port = Narrow(usize::MAX, Vec::new());
        assert!(outbox.write_to(&mut port).is_ok());
        assert_eq!(port.1, b"\nhello\n");
        assert_eq!(outbox.dropped(), 2);
    }
}
