//! The bytes of volumes, piece by piece.

use napi::bindgen_prelude::Buffer;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::domain_changes::whole;

#[napi]
impl NativeConnection {
    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn read_volume<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        offset: f64,
        length: u32,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Buffer>> {
        let offset = whole(offset, "offset")?;
        self.object(env, "readVolume", uuid, (timeout_ms, token), move |session, uuid| {
            session.read_volume(uuid, &name, offset, length)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn write_volume<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        name: String,
        offset: f64,
        data: Buffer,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let offset = whole(offset, "offset")?;
        // A copy: JavaScript may change its buffer while the worker sends.
        let data = data.to_vec();
        self.object(env, "writeVolume", uuid, (timeout_ms, token), move |session, uuid| {
            session.write_volume(uuid, &name, offset, &data)
        })
    }
}
