//! What can be asked of a connection, by family. Every function runs on a worker thread and blocks it.

pub mod connection;
pub mod domain;
pub mod domain_devices;
pub mod domain_lifecycle;
pub mod domain_stats;
pub mod network;
pub mod nwfilter;
pub mod storage_pool;
pub mod storage_volume;
