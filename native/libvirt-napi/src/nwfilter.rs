//! Network filters and their bindings.

use libvirt_core::Session;
use libvirt_core::ops::nwfilter as core;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::domain_records::ObjectName;

/// A filter that stands on an interface of the host.
#[napi(object, object_from_js = false)]
pub struct NwFilterBinding {
    /// The interface, e.g. `vnet0`.
    pub port_dev: String,
    pub filter_name: String,
}

impl From<core::NwFilterBinding> for NwFilterBinding {
    fn from(b: core::NwFilterBinding) -> Self {
        Self { port_dev: b.port_dev, filter_name: b.filter_name }
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn list_nw_filters<'env>(
        &self,
        env: &'env Env,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<ObjectName>>> {
        self.host(env, "listNwFilters", (timeout_ms, token), |session| {
            Ok(session.list_filters()?.into_iter().map(ObjectName::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn find_nw_filter_by_name<'env>(
        &self,
        env: &'env Env,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "lookupNwFilter", (timeout_ms, token), move |session| session.find_filter_by_name(&name))
    }

    #[napi]
    pub fn define_nw_filter<'env>(
        &self,
        env: &'env Env,
        xml: String,
        validate: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "defineNwFilter", (timeout_ms, token), move |session| session.define_filter(&xml, validate))
    }

    #[napi]
    pub fn undefine_nw_filter<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.object(env, "undefineNwFilter", uuid, (timeout_ms, token), Session::undefine_filter)
    }

    #[napi]
    pub fn nw_filter_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.object(env, "nwFilterXml", uuid, (timeout_ms, token), Session::filter_xml)
    }

    #[napi]
    pub fn list_nw_filter_bindings<'env>(
        &self,
        env: &'env Env,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<NwFilterBinding>>> {
        self.host(env, "listNwFilterBindings", (timeout_ms, token), |session| {
            Ok(session.list_filter_bindings()?.into_iter().map(NwFilterBinding::from).collect::<Vec<_>>())
        })
    }
}
