//! Domains: what is done inside the guest.

use libvirt_core::Session;
use libvirt_core::ops::domain_guest;
use napi::bindgen_prelude::Buffer;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::domain::on;
use crate::params::{TypedParameter, told};

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

#[napi]
impl NativeConnection {
    #[napi]
    pub fn agent_command<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        command: String,
        seconds: u32,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.domain(env, "agentCommand", uuid, (timeout_ms, token), move |session, uuid| {
            session.agent_command(uuid, &command, seconds)
        })
    }

    #[napi]
    pub fn guest_info<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        query: GuestInfoQuery,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.domain(env, "guestInfo", uuid, (timeout_ms, token), move |session, uuid| {
            session.guest_info(uuid, query.into()).map(told)
        })
    }

    #[napi]
    pub fn send_key<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        keys: Vec<u32>,
        hold_ms: u32,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "sendKey", uuid, (timeout_ms, token), move |session, uuid| {
            session.send_key(uuid, &keys, hold_ms)
        })
    }

    #[napi]
    pub fn freeze_file_systems<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, u32>> {
        self.domain(env, "freezeFileSystems", uuid, (timeout_ms, token), Session::freeze_file_systems)
    }

    #[napi]
    pub fn thaw_file_systems<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, u32>> {
        self.domain(env, "thawFileSystems", uuid, (timeout_ms, token), Session::thaw_file_systems)
    }

    #[napi]
    pub fn screenshot<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        screen: u32,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Screenshot>> {
        self.domain(env, "screenshot", uuid, (timeout_ms, token), move |session, uuid| session.screenshot(uuid, screen))
    }
}
