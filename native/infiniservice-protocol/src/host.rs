//! Messages from host to guest.

use serde::{Deserialize, Serialize};

use crate::frame::{FrameError, parse};

/// What a host says. Commands come signed; this agent runs none yet and answers them with `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum HostMessage {
    /// Sample now. It changes nothing in the guest, so it needs no signature.
    #[serde(alias = "metrics")]
    Metrics,
    /// The answer to a `keep_alive`. Its `timestamp` is ISO text; hosts before 0.2 sent seconds. Nothing here depends on it.
    #[serde(rename = "keep_alive_response")]
    KeepAliveResponse {
        /// Of the `keep_alive`.
        #[serde(default)]
        sequence_number: u64,
    },
    /// A signed command: HMAC-SHA256 over v, ts, nonce and payload, joined by newlines.
    #[serde(rename = "signed")]
    Signed {
        /// Version of the signature.
        v: u32,
        /// Milliseconds since the epoch.
        ts: u64,
        /// Never used twice.
        nonce: String,
        /// The exact JSON text that is signed.
        payload: String,
        /// Hexadecimal.
        sig: String,
    },
    /// A message that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// Reads a line of the host.
///
/// # Errors
/// See [`FrameError`].
pub fn decode_host(line: &[u8]) -> Result<HostMessage, FrameError> {
    serde_json::from_value(parse(line)?).map_err(|error| FrameError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collect_now_is_read_and_a_newer_message_is_unknown_not_an_error() {
        assert_eq!(decode_host(br#"{"type":"Metrics"}"#), Ok(HostMessage::Metrics));
        assert_eq!(decode_host(br#"{"type":"warp","speed":9}"#), Ok(HostMessage::Unknown));
        assert!(decode_host(b"{").is_err());
        for timestamp in ["1", r#""2026-11-25T10:00:00.000Z""#] {
            let line = format!(r#"{{"type":"keep_alive_response","sequence_number":3,"timestamp":{timestamp}}}"#);
            assert_eq!(decode_host(line.as_bytes()), Ok(HostMessage::KeepAliveResponse { sequence_number: 3 }));
        }
    }
}
