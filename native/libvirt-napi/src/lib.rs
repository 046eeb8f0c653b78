//! `libvirt-core` for Node. Every method queues a call and returns a promise; nothing here waits on the event loop.

// napi passes objects and strings by value.
#![allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]

mod bridge;
mod connection;
mod credentials;
mod declare;
mod domain;
mod domain_agent;
mod domain_changes;
mod domain_disk;
mod domain_guest;
mod domain_inspect;
mod domain_records;
mod domain_save;
mod domain_tuning;
mod duplex;
mod event_object;
mod for_test;
mod host;
mod host_machine;
mod host_objects;
mod migration;
mod network;
mod network_storage_more;
mod number;
mod nwfilter;
mod params;
mod snapshots;
mod storage;
mod text;
mod volume_data;
