//! Domains: what the QEMU guest agent does.

use libvirt_core::ops::domain_agent;
use libvirt_core::{Session, Uuid};

use crate::connection::NativeConnection;
use crate::declare::{all, calls, flags, record};
use crate::number::{Int32, Uint32, signed, whole};
use crate::parameters::{TypedParameter, to_javascript};

record! {
    /// A mounted file system of a guest.
    FileSystem from domain_agent::FileSystem {
        mount_point: String = r.mount_point,
        /// The guest's name of its device, e.g. `vda1`.
        device: String = r.device,
        /// e.g. `ext4`
        kind: String = r.kind,
        /// Targets of the disks that it lies on, e.g. `vda`.
        disks: Vec<String> = r.disks,
    } by r
}

/// The guest's clock.
#[napi_derive::napi(object, object_from_js = false)]
pub struct GuestTime {
    /// Since the epoch.
    pub seconds: f64,
    pub nanoseconds: u32,
}

flags! {
    /// What becomes of a user's keys; they are replaced when nothing is set.
    SshKeysChange as domain_agent::SshKeysChange {
        /// Added to those that are there.
        append,
        /// Taken away from those that are there.
        remove,
    }
}

impl From<(i64, u32)> for GuestTime {
    #[allow(clippy::cast_precision_loss)]
    fn from((seconds, nanoseconds): (i64, u32)) -> Self {
        Self { seconds: seconds as f64, nanoseconds }
    }
}

calls!(domain {
    guest_time, "guestTime", () -> GuestTime = Session::guest_time;
    set_guest_time, "setGuestTime", (seconds: f64, nanoseconds: Uint32, sync: bool) -> () = {
        let seconds = signed(seconds, "seconds")?;
        move |session: &mut Session, uuid: Uuid| session.set_guest_time(uuid, seconds, nanoseconds.0, sync)
    };
    set_user_password, "setUserPassword", (user: String, password: String, encrypted: bool) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_user_password(uuid, &user, &password, encrypted);
    ssh_keys, "sshKeys", (user: String) -> Vec<String> =
        move |session: &mut Session, uuid: Uuid| session.ssh_keys(uuid, &user);
    set_ssh_keys, "setSshKeys", (user: String, keys: Vec<String>, change: SshKeysChange) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_ssh_keys(uuid, &user, &keys, change.into());
    file_systems, "fileSystems", () -> Vec<FileSystem> =
        |session: &mut Session, uuid: Uuid| session.file_systems(uuid).map(all);
    trim_file_systems, "trimFileSystems", (mount_point: Option<String>, minimum_bytes: f64) -> () = {
        let minimum = whole(minimum_bytes, "minimumBytes")?;
        move |session: &mut Session, uuid: Uuid| session.trim_file_systems(uuid, mount_point.as_deref(), minimum)
    };
    guest_vcpus, "guestVcpus", () -> Vec<TypedParameter> =
        |session: &mut Session, uuid: Uuid| session.guest_vcpus(uuid).map(to_javascript);
    set_guest_vcpus, "setGuestVcpus", (cpus: String, online: bool) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_guest_vcpus(uuid, &cpus, online);
    guest_hostname, "guestHostname", (lease: bool, agent: bool) -> String =
        move |session: &mut Session, uuid: Uuid| session.guest_hostname(uuid, lease, agent);
    set_agent_timeout, "setAgentTimeout", (seconds: Int32) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_agent_timeout(uuid, seconds.0);
});
