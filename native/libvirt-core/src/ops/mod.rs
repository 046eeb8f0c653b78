//! What can be asked of a connection, by family. Every function runs on a worker thread and blocks it.

pub mod checkpoint;
pub mod connection;
pub mod domain;
pub mod domain_devices;
pub mod domain_disk;
pub mod domain_guest;
pub mod domain_lifecycle;
pub mod domain_save;
pub mod domain_stats;
pub mod domain_tuning;
pub mod host;
pub mod network;
pub mod nwfilter;
pub mod snapshot;
pub mod storage_pool;
pub mod storage_volume;
pub mod volume_data;
