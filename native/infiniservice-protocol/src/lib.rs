//! What the guest agent and its host say to each other: one JSON object a line over a virtio-serial port.
//!
//! The channel is the only identity: nothing in a message claims which VM it comes from. Guest times are
//! information, never order: order is `boot_id` and `seq`.

mod frame;
mod guest;
mod host;
mod metrics;
mod time;

pub use frame::{FrameError, LineReader, MAX_DEPTH, MAX_FRAME_BYTES, encode, parse};
pub use guest::{AgentError, GuestFrame, GuestMessage, Handshake, KeepAlive, PROTOCOL_VERSION, Response, decode_guest};
pub use host::{HostMessage, decode_host};
pub use metrics::{
    Cpu, Disk, DiskIo, DiskUsage, LoadAverage, Memory, Metrics, MetricsData, Network, NetworkInterface, OsInfo,
    Process, System,
};
pub use time::rfc3339;
