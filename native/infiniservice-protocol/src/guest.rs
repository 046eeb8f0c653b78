//! Messages from guest to host.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::frame::{FrameError, parse};
use crate::metrics::Metrics;

/// The version of this dialect, in every message of our agent.
pub const PROTOCOL_VERSION: u32 = 1;

/// One line from a guest. Older agents leave `v`, `seq` and `boot_id` out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuestFrame {
    /// [`PROTOCOL_VERSION`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<u32>,
    /// Rises from message to message within a boot, over restarts of the agent as well. Gaps mean lost messages or a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Changes at each boot of the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// What is said.
    #[serde(flatten)]
    pub message: GuestMessage,
}

/// What a guest says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GuestMessage {
    /// First message of each connection.
    Handshake(Handshake),
    /// A sample.
    Metrics(Box<Metrics>),
    /// The answer to a command.
    Response(Response),
    /// A line from the host that the agent can't use.
    Error(AgentError),
    /// The agent is there.
    KeepAlive(KeepAlive),
    /// The agent is there (0.1.1).
    Ping,
    /// A message that this version doesn't know, or needs no more of than its type.
    #[serde(other)]
    Other,
}

/// Who speaks and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// The agent's version.
    pub version: String,
    /// e.g. `linux`
    pub platform: String,
    /// e.g. `metrics`
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Time between samples, ms. Absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The command's.
    pub id: String,
    /// Whether it worked.
    pub success: bool,
    /// Of the program that was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Output.
    #[serde(default)]
    pub stdout: String,
    /// Error output.
    #[serde(default)]
    pub stderr: String,
    /// How long it took.
    #[serde(default)]
    pub execution_time_ms: u64,
    /// `safe` or `unsafe`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_type: Option<String>,
    /// The command's own result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A line from the host that the agent can't use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentError {
    /// Stable word, e.g. `unknown_message`.
    pub error: String,
    /// For people.
    #[serde(default)]
    pub details: Value,
}

/// The agent is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// Rises by one; the host's answer carries it back.
    pub sequence_number: u64,
    /// The guest's own time, seconds since the epoch.
    pub timestamp: u64,
}

/// Reads a line of a guest, ours or an older agent's, into one model: nested processes of 0.1.1 are moved beside
/// `system`, and a `response` without `type` is one.
///
/// # Errors
/// See [`FrameError`].
pub fn decode_guest(line: &[u8]) -> Result<GuestFrame, FrameError> {
    let mut value = parse(line)?;
    if let Value::Object(fields) = &mut value
        && !fields.contains_key("type")
        && fields.contains_key("id")
        && fields.contains_key("success")
    {
        fields.insert("type".into(), Value::from("response"));
    }
    let mut frame: GuestFrame =
        serde_json::from_value(value).map_err(|error| FrameError::Malformed(error.to_string()))?;
    if let GuestMessage::Metrics(metrics) = &mut frame.message {
        let nested = std::mem::take(&mut metrics.data.system.nested_processes);
        if metrics.data.processes.is_empty() {
            metrics.data.processes = nested;
        }
    }
    Ok(frame)
}
