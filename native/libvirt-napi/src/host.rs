//! The host: its load, memory and CPU models.

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::connection::{NativeConnection, number};
use crate::params::{TypedParameter, told};

#[napi]
impl NativeConnection {
    #[napi]
    pub fn host_cpu_stats<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "number | null")] cpu: Option<u32>,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.host(env, "hostCpuStats", (timeout_ms, token), move |session| session.host_cpu_stats(cpu).map(told))
    }

    #[napi]
    pub fn host_memory_stats<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "number | null")] cell: Option<u32>,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<TypedParameter>>> {
        self.host(env, "hostMemoryStats", (timeout_ms, token), move |session| session.host_memory_stats(cell).map(told))
    }

    #[napi]
    pub fn cells_free_memory<'env>(
        &self,
        env: &'env Env,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<f64>>> {
        self.host(env, "cellsFreeMemory", (timeout_ms, token), move |session| {
            Ok(session.cells_free_memory()?.into_iter().map(number).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn cpu_models<'env>(
        &self,
        env: &'env Env,
        arch: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<String>>> {
        self.host(env, "cpuModels", (timeout_ms, token), move |session| session.cpu_models(&arch))
    }

    #[napi(ts_return_type = "Promise<CpuComparison>")]
    pub fn compare_cpu<'env>(
        &self,
        env: &'env Env,
        xml: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "compareCpu", (timeout_ms, token), move |session| session.compare_cpu(&xml).map(str::to_owned))
    }

    #[napi]
    pub fn baseline_cpu<'env>(
        &self,
        env: &'env Env,
        cpus: Vec<String>,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "baselineCpu", (timeout_ms, token), move |session| session.baseline_cpu(&cpus))
    }
}
