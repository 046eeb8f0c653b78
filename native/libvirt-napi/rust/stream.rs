//! Consoles and channels as streams of both directions, and connections to screens.

use std::os::fd::{IntoRawFd, OwnedFd};
use std::time::Duration;

use libvirt_core::{Code, Error, Options, Session, Stream, Uuid};
use napi::bindgen_prelude::{Buffer, PromiseRaw, ToNapiValue};
use napi::{Env, Result, sys};
use napi_derive::napi;

use crate::bridge::Bridge;
use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::number::Uint32;

/// A console or a channel that is open. `read` gives nothing at its end.
#[napi]
pub struct NativeStream {
    inner: Stream,
    bridge: Bridge,
}

#[napi]
impl NativeStream {
    #[napi]
    pub fn read<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, Buffer>> {
        let (promise, settle) = self.bridge.promise::<Buffer>(env)?;
        self.inner.read(move |answer| settle.with(answer.map(Buffer::from)));
        Ok(promise)
    }

    #[napi]
    pub fn write<'env>(&self, env: &'env Env, data: Buffer) -> Result<PromiseRaw<'env, ()>> {
        let (promise, settle) = self.bridge.promise::<()>(env)?;
        // A copy: JavaScript may change its buffer while the thread sends.
        self.inner.write(data.to_vec(), move |answer| settle.with(answer));
        Ok(promise)
    }

    #[napi]
    pub fn close<'env>(&self, env: &'env Env, abort: bool) -> Result<PromiseRaw<'env, ()>> {
        let (promise, settle) = self.bridge.promise::<()>(env)?;
        self.inner.close(abort, move |answer| settle.with(answer));
        Ok(promise)
    }
}

/// What of a domain is opened.
#[napi(object)]
pub struct StreamTarget {
    pub channel: bool,
    pub device: Option<String>,
    pub force: bool,
    pub safe: bool,
}

#[napi]
impl NativeConnection {
    /// Opens a stream with a connection of its own.
    #[napi]
    pub fn open_stream<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        target: StreamTarget,
        timeout_ms: u32,
    ) -> Result<PromiseRaw<'env, NativeStream>> {
        let domain = match uuid.parse::<Uuid>() {
            Ok(domain) => domain,
            Err(error) => return self.refuse(env, Error { call: "openStream", ..error }),
        };
        if !self.inner.is_up() {
            return self.refuse(env, Error::own(Code::Disconnected, "openStream", "the daemon is gone"));
        }
        let options: Options = self.inner.options();
        let timeout = if timeout_ms > 0 { Duration::from_millis(u64::from(timeout_ms)) } else { options.call_timeout };
        let StreamTarget { channel, device, force, safe } = target;
        let (promise, settle) = self.bridge.promise::<NativeStream>(env)?;
        let bridge = self.bridge.clone();
        Stream::open(
            options,
            libvirt_core::StreamTarget { domain, channel, device, force, safe },
            timeout,
            move |opened| {
                settle.with(opened.map(|inner| NativeStream { inner, bridge }));
            },
        );
        Ok(promise)
    }
}

/// A descriptor that JavaScript owns once it has it; until then it is closed when nobody waits any more.
pub struct Descriptor(OwnedFd);

impl From<OwnedFd> for Descriptor {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl ToNapiValue for Descriptor {
    unsafe fn to_napi_value(env: sys::napi_env, descriptor: Self) -> Result<sys::napi_value> {
        // SAFETY: passed on to the caller.
        unsafe { i32::to_napi_value(env, descriptor.0.into_raw_fd()) }
    }
}

calls!(domain {
    open_graphics, "openGraphics", (screen: Uint32, skip_auth: bool) -> Descriptor =
        move |session: &mut Session, uuid: Uuid| session.open_graphics(uuid, screen.0, skip_auth);
});
