//! Domains: CPU pinning, limits, and what they use.

use libvirt_core::ops::domain_tuning::Tuning;
use napi::Result;

use crate::bridge::refused;
use crate::connection::{NativeConnection, number};
use crate::declare::calls;
use crate::domain::Affect;
use crate::number::{Uint32, integers};
use crate::parameters::{TypedParameter, from_javascript, to_javascript};

fn tuning(what: &str) -> Result<Tuning> {
    match what {
        "scheduler" => Ok(Tuning::Scheduler),
        "memory" => Ok(Tuning::Memory),
        "block-io" => Ok(Tuning::BlockIo),
        "numa" => Ok(Tuning::Numa),
        _ => Err(refused("limits are of scheduler, memory, block-io or numa")),
    }
}

calls!(domain {
    pin_vcpu, "pinVcpu", (vcpu: Uint32, cpus: Vec<Uint32>, affect: Affect) -> () =
        move |session, uuid| session.pin_vcpu(uuid, vcpu.0, &integers(&cpus), affect.into());
    vcpu_pins, "vcpuPins", (affect: Affect) -> Vec<Vec<u32>> =
        move |session, uuid| session.vcpu_pins(uuid, affect.into());
    vcpu_count, "vcpuCount", (affect: Affect, maximum: bool) -> u32 =
        move |session, uuid| session.vcpu_count(uuid, affect.into(), maximum);
    max_memory, "maxMemory", () -> f64 = move |session, uuid| session.max_memory(uuid).map(number);
    tuning, "tuning", (
        #[napi(ts_arg_type = "'scheduler' | 'memory' | 'block-io' | 'numa'")] what: String,
        affect: Affect
    ) -> Vec<TypedParameter> = {
        let what = tuning(&what)?;
        move |session, uuid| session.tuning(uuid, what, affect.into()).map(to_javascript)
    };
    set_tuning, "setTuning", (
        #[napi(ts_arg_type = "'scheduler' | 'memory' | 'block-io' | 'numa'")] what: String,
        parameters: Vec<TypedParameter>,
        affect: Affect
    ) -> () = {
        let (what, parameters) = (tuning(&what)?, from_javascript(parameters)?);
        move |session, uuid| session.set_tuning(uuid, what, &parameters, affect.into())
    };
    memory_stats, "memoryStats", () -> Vec<TypedParameter> =
        move |session, uuid| session.memory_stats(uuid).map(to_javascript);
    interface_stats, "interfaceStats", (device: String) -> Vec<TypedParameter> =
        move |session, uuid| session.interface_stats(uuid, &device).map(to_javascript);
    detach_device_alias, "detachDeviceAlias", (alias: String, affect: Affect) -> () =
        move |session, uuid| session.detach_device_alias(uuid, &alias, affect.into());
});
