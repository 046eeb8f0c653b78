//! Domains: CPU pinning, limits, and what they use.

use libvirt_core::ops::domain_tuning::Tuning;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::{NativeConnection, number};
use crate::domain::Affect;
use crate::params::{TypedParameter, taken, told};

fn tuning(what: &str) -> Result<Tuning> {
    match what {
        "scheduler" => Ok(Tuning::Scheduler),
        "memory" => Ok(Tuning::Memory),
        "block-io" => Ok(Tuning::BlockIo),
        "numa" => Ok(Tuning::Numa),
        _ => Err(refused("limits are of scheduler, memory, block-io or numa")),
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn pin_vcpu<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        vcpu: u32,
        cpus: Vec<u32>,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "pinVcpu", uuid, (timeout_ms, token), move |session, uuid| {
            session.pin_vcpu(uuid, vcpu, &cpus, affect.into())
        })
    }

    #[napi]
    pub fn vcpu_pins<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<Vec<u32>>>> {
        self.domain(env, "vcpuPins", uuid, (timeout_ms, token), move |session, uuid| {
            session.vcpu_pins(uuid, affect.into())
        })
    }

    #[napi]
    pub fn vcpu_count<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        affect: Affect,
        maximum: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, u32>> {
        self.domain(env, "vcpuCount", uuid, (timeout_ms, token), move |session, uuid| {
            session.vcpu_count(uuid, affect.into(), maximum)
        })
    }

    #[napi]
    pub fn max_memory<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, f64>> {
        self.domain(env, "maxMemory", uuid, (timeout_ms, token), move |session, uuid| {
            session.max_memory(uuid).map(number)
        })
    }

    #[napi]
    pub fn tuning<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "'scheduler' | 'memory' | 'block-io' | 'numa'")] what: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        let what = tuning(&what)?;
        self.domain(env, "tuning", uuid, (timeout_ms, token), move |session, uuid| {
            session.tuning(uuid, what, affect.into()).map(told)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn set_tuning<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "'scheduler' | 'memory' | 'block-io' | 'numa'")] what: String,
        parameters: Vec<TypedParameter>,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let (what, parameters) = (tuning(&what)?, taken(parameters)?);
        self.domain(env, "setTuning", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_tuning(uuid, what, &parameters, affect.into())
        })
    }

    #[napi]
    pub fn memory_stats<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.domain(env, "memoryStats", uuid, (timeout_ms, token), move |session, uuid| {
            session.memory_stats(uuid).map(told)
        })
    }

    #[napi]
    pub fn interface_stats<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        device: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.domain(env, "interfaceStats", uuid, (timeout_ms, token), move |session, uuid| {
            session.interface_stats(uuid, &device).map(told)
        })
    }

    #[napi]
    pub fn detach_device_alias<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        alias: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "detachDeviceAlias", uuid, (timeout_ms, token), move |session, uuid| {
            session.detach_device_alias(uuid, &alias, affect.into())
        })
    }
}
