//! Lines: bounded before they are parsed, whole characters always.

use serde_json::Value;

use crate::guest::{GuestFrame, GuestMessage};

/// A frame's longest form, its newline included.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 16;

/// Why a line is not a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME_BYTES`].
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not UTF-8, not JSON, or JSON of another shape.
    Malformed(String),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_FRAME_BYTES} bytes"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH}"),
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FrameError {}

/// Cuts a byte stream into lines. Bytes, not text: a character that is split between two reads stays whole.
/// Never holds more than one frame's length.
#[derive(Debug, Default)]
pub struct LineReader {
    partial: Vec<u8>,
    skipping: bool,
}

impl LineReader {
    /// Takes bytes in and gives each line that they complete; `Err` once for each line that was too long.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Result<Vec<u8>, FrameError>> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let (body, ends) = match piece.split_last() {
                Some((b'\n', body)) => (body, true),
                _ => (piece, false),
            };
            if !self.skipping && self.partial.len() + body.len() >= MAX_FRAME_BYTES {
                self.partial = Vec::new();
                self.skipping = true;
                lines.push(Err(FrameError::TooLong));
            }
            if !self.skipping {
                self.partial.extend_from_slice(body);
            }
            if ends {
                let line = std::mem::take(&mut self.partial);
                if !self.skipping && !line.is_empty() {
                    lines.push(Ok(line));
                }
                self.skipping = false;
            }
        }
        lines
    }

    /// Forgets a half line: what follows comes from another sender.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Parses one line into JSON, length and depth checked first.
///
/// # Errors
/// See [`FrameError`].
pub fn parse(line: &[u8]) -> Result<Value, FrameError> {
    if line.len() >= MAX_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    if depth(line) > MAX_DEPTH {
        return Err(FrameError::TooDeep);
    }
    serde_json::from_slice(line).map_err(|error| FrameError::Malformed(error.to_string()))
}

/// How deep brackets nest, counted outside strings. On malformed text it is at least what a parser would meet.
fn depth(line: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Encodes a frame with its newline. A metrics frame over the limit loses processes (the least busy first), then
/// disks and interfaces from the end; other frames over the limit are refused.
///
/// # Errors
/// [`FrameError::TooLong`] when nothing more can be left out.
pub fn encode(frame: &GuestFrame) -> Result<Vec<u8>, FrameError> {
    let line = to_line(frame)?;
    if line.len() <= MAX_FRAME_BYTES {
        return Ok(line);
    }
    let mut smaller = frame.clone();
    loop {
        let GuestMessage::Metrics(metrics) = &mut smaller.message else { return Err(FrameError::TooLong) };
        if !metrics.data.shrink() {
            return Err(FrameError::TooLong);
        }
        let line = to_line(&smaller)?;
        if line.len() <= MAX_FRAME_BYTES {
            return Ok(line);
        }
    }
}

fn to_line(frame: &GuestFrame) -> Result<Vec<u8>, FrameError> {
    let mut line = serde_json::to_vec(frame).map_err(|error| FrameError::Malformed(error.to_string()))?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_any_length_never_grows_the_buffer_and_the_next_line_is_read() {
        let mut reader = LineReader::default();
        let mut errors = 0;
        for _ in 0..100 {
            errors += reader.feed(&[b'x'; 10_000]).iter().filter(|l| l.is_err()).count();
            assert!(reader.partial.len() < MAX_FRAME_BYTES);
        }
        assert_eq!(errors, 1);
        assert_eq!(reader.feed(b"tail\n{\"a\":1}\n"), [Ok(b"{\"a\":1}".to_vec())]);
    }

    #[test]
    fn seventeen_levels_are_too_deep_and_brackets_in_text_are_not_levels() {
        let nested = format!("{}{}", "[".repeat(17), "]".repeat(17));
        assert_eq!(parse(nested.as_bytes()), Err(FrameError::TooDeep));
        let text = format!("\"{}\\\"{}\"", "[".repeat(40), "{".repeat(40));
        assert!(parse(text.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn lines_survive_any_cut(lines in prop::collection::vec("[^\n]{1,40}", 1..10), cut in 1usize..7) {
            let text = lines.join("\n") + "\n";
            let mut reader = LineReader::default();
            let mut read = Vec::new();
            for chunk in text.as_bytes().chunks(cut) {
                read.extend(reader.feed(chunk));
            }
            let expected: Vec<_> = lines.iter().map(|l| Ok(l.clone().into_bytes())).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
