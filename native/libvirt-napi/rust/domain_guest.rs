//! Domains: what is done inside the guest.

use libvirt_core::Session;
use libvirt_core::ops::domain_guest;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::domain::on;
use crate::number::{Count, Uint32, integers};
use crate::parameters::{TypedParameter, to_javascript};

/// What the guest agent is asked for; everything it knows when nothing is set.
#[napi(object)]
pub struct GuestInfoQuery {
    /// Who is logged in.
    pub users: Option<bool>,
    /// The operating system.
    pub os: Option<bool>,
    /// Its time zone.
    pub timezone: Option<bool>,
    /// Its name.
    pub hostname: Option<bool>,
    /// File systems.
    pub filesystem: Option<bool>,
    /// Disks.
    pub disks: Option<bool>,
    /// Network interfaces.
    pub interfaces: Option<bool>,
}

impl From<GuestInfoQuery> for domain_guest::GuestInfoQuery {
    fn from(f: GuestInfoQuery) -> Self {
        Self {
            users: on(f.users),
            os: on(f.os),
            timezone: on(f.timezone),
            hostname: on(f.hostname),
            filesystem: on(f.filesystem),
            disks: on(f.disks),
            interfaces: on(f.interfaces),
        }
    }
}

/// A picture of a screen.
#[napi(object, object_from_js = false)]
pub struct Screenshot {
    /// Its format, e.g. `image/png`.
    pub mime_type: String,
    /// The file.
    pub data: Buffer,
}

impl From<domain_guest::Screenshot> for Screenshot {
    fn from(r: domain_guest::Screenshot) -> Self {
        Self { mime_type: r.mime_type, data: r.data.into() }
    }
}

calls!(domain {
    agent_command, "agentCommand", (command: String, seconds: Count) -> String =
        move |session, uuid| session.agent_command(uuid, &command, seconds.0);
    guest_info, "guestInfo", (query: GuestInfoQuery) -> Vec<TypedParameter> =
        move |session, uuid| session.guest_info(uuid, query.into()).map(to_javascript);
    send_key, "sendKey", (keys: Vec<Uint32>, hold_ms: Uint32) -> () =
        move |session, uuid| session.send_key(uuid, &integers(&keys), hold_ms.0);
    freeze_file_systems, "freezeFileSystems", () -> u32 = Session::freeze_file_systems;
    thaw_file_systems, "thawFileSystems", () -> u32 = Session::thaw_file_systems;
    screenshot, "screenshot", (screen: Uint32) -> Screenshot =
        move |session, uuid| session.screenshot(uuid, screen.0);
});
