//! Domains: their power, size and devices, and the end of their definition.

use libvirt_core::Session;
use libvirt_core::ops::domain_devices::DeviceChange;
use libvirt_core::ops::domain_lifecycle as life;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::flags;
use crate::domain::Affect;

flags! {
    /// How a domain starts.
    StartFlags as life::StartFlags {
        /// With its CPUs stopped.
        paused,
        /// Stop it when this connection ends.
        auto_destroy,
        /// Read a saved state past the page cache.
        bypass_cache,
        /// Throw a managed save away.
        force_boot,
        /// Check the definition against the schema.
        validate,
        /// Begin with a fresh NVRAM.
        reset_nvram,
    }
}

flags! {
    /// How the guest is asked to go down; the hypervisor chooses when nothing is set.
    ShutdownModes as life::ShutdownModes {
        /// The ACPI power button.
        acpi,
        /// The QEMU guest agent.
        agent,
        /// A signal to init (containers).
        signal,
        /// /dev/initctl (containers).
        initctl,
        /// The hypervisor's own way (Xen).
        paravirt,
    }
}

flags! {
    /// What goes with the definition; libvirt refuses to undefine a domain that still has it.
    UndefineFlags as life::UndefineFlags {
        managed_save,
        snapshots_metadata,
        nvram,
        keep_nvram,
        checkpoints_metadata,
        /// The state of its TPM.
        tpm,
        keep_tpm,
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn start_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: StartFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "startDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.start_domain(uuid, flags.into())
        })
    }

    #[napi]
    pub fn shut_down_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        modes: ShutdownModes,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "shutDownDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.shut_down_domain(uuid, modes.into())
        })
    }

    #[napi]
    pub fn reboot_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        modes: ShutdownModes,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "rebootDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.reboot_domain(uuid, modes.into())
        })
    }

    #[napi]
    pub fn reset_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "resetDomain", uuid, (timeout_ms, token), Session::reset_domain)
    }

    #[napi]
    pub fn destroy_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        graceful: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "destroyDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.destroy_domain(uuid, graceful)
        })
    }

    #[napi]
    pub fn suspend_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "suspendDomain", uuid, (timeout_ms, token), Session::suspend_domain)
    }

    #[napi]
    pub fn resume_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "resumeDomain", uuid, (timeout_ms, token), Session::resume_domain)
    }

    #[napi]
    pub fn undefine_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: UndefineFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let flags = flags.into();
        self.domain(env, "undefineDomain", uuid, (timeout_ms, token), move |session, uuid| {
            session.undefine_domain(uuid, flags)
        })
    }

    #[napi]
    pub fn set_domain_autostart<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        autostart: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "setDomainAutostart", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_domain_autostart(uuid, autostart)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn set_domain_memory<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        kib: f64,
        affect: Affect,
        maximum: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let kib = whole(kib, "memory")?;
        self.domain(env, "setDomainMemory", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_domain_memory(uuid, kib, affect.into(), maximum)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn set_domain_vcpus<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        count: u32,
        affect: Affect,
        maximum: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "setDomainVcpus", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_domain_vcpus(uuid, count, affect.into(), maximum)
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn change_device<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "'attach' | 'detach' | 'update'")] change: String,
        xml: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let change = match change.as_str() {
            "attach" => DeviceChange::Attach,
            "detach" => DeviceChange::Detach,
            "update" => DeviceChange::Update,
            _ => return Err(refused("a device is attached, detached or updated")),
        };
        self.domain(env, "changeDevice", uuid, (timeout_ms, token), move |session, uuid| {
            session.change_device(uuid, change, &xml, affect.into())
        })
    }
}

/// A JavaScript number that must be a whole one, not below zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn whole(value: f64, what: &str) -> Result<u64> {
    let exact = value.is_finite() && value >= 0.0 && value.fract() == 0.0 && value < 9_007_199_254_740_992.0;
    if exact { Ok(value as u64) } else { Err(refused(&format!("{what} must be a whole number, not below zero"))) }
}

/// A whole number of JavaScript that may be negative.
pub(crate) fn signed(value: f64, name: &str) -> Result<i64> {
    let size = i64::try_from(whole(value.abs(), name)?).map_err(|_| refused(&format!("{name} is too large")))?;
    Ok(if value < 0.0 { -size } else { size })
}
