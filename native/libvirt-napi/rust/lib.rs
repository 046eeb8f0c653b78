//! `libvirt-core` for Node. Every method queues a call and returns a promise; nothing here waits on the event loop.

// napi passes objects and strings by value.
#![allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]

mod bridge;
mod checkpoint;
mod connection;
mod credentials;
mod declare;
mod domain;
mod domain_agent;
mod domain_diagnostics;
mod domain_disk;
mod domain_guest;
mod domain_lifecycle;
mod domain_list;
mod domain_save;
mod domain_stats;
mod domain_threads;
mod domain_tuning;
mod events;
mod for_test;
mod host;
mod host_machine;
mod interface;
mod migration;
mod network;
mod network_port;
mod node_device;
mod number;
mod nwfilter;
mod parameters;
mod secret;
mod snapshot;
mod storage_pool;
mod storage_volume;
mod storage_volume_data;
mod stream;
mod text;
