//! Domains.

use libvirt_core::ops::domain as core;
use libvirt_core::ops::domain_devices::{AddressSource, DeviceChange};
use libvirt_core::ops::{domain_lifecycle as life, domain_stats};
use libvirt_core::Session;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::domain_records::{DomainInfo, DomainRecord, DomainState, DomainStats, InterfaceAddresses, ObjectName};

/// Which domains a list holds; all when nothing is set.
#[napi(object)]
pub struct DomainFilter {
    pub active: Option<bool>,
    pub inactive: Option<bool>,
    pub persistent: Option<bool>,
    pub transient: Option<bool>,
}

/// What is in an XML description.
#[napi(object)]
pub struct XmlFlags {
    /// With passwords; refused on read-only connections.
    pub secure: Option<bool>,
    /// The definition for the next start, though it runs.
    pub inactive: Option<bool>,
    /// In a form that another host can take.
    pub migratable: Option<bool>,
}

/// Which configuration a change is for; the current one when neither is set.
#[napi(object)]
pub struct Affect {
    /// The running domain.
    pub live: Option<bool>,
    /// The persistent definition.
    pub config: Option<bool>,
}

/// How a domain starts.
#[napi(object)]
pub struct StartFlags {
    /// With its CPUs stopped.
    pub paused: Option<bool>,
    /// Stop it when this connection ends.
    pub auto_destroy: Option<bool>,
    /// Read a saved state past the page cache.
    pub bypass_cache: Option<bool>,
    /// Throw a managed save away.
    pub force_boot: Option<bool>,
    /// Check the definition against the schema.
    pub validate: Option<bool>,
}

/// How the guest is asked to go down; the hypervisor chooses when nothing is set.
#[napi(object)]
pub struct ShutdownModes {
    /// The ACPI power button.
    pub acpi: Option<bool>,
    /// The QEMU guest agent.
    pub agent: Option<bool>,
    /// A signal to init (containers).
    pub signal: Option<bool>,
}

/// What goes with the definition; libvirt refuses to undefine a domain that still has it.
#[napi(object)]
pub struct UndefineFlags {
    pub managed_save: Option<bool>,
    pub snapshots_metadata: Option<bool>,
    pub nvram: Option<bool>,
    pub keep_nvram: Option<bool>,
    pub checkpoints_metadata: Option<bool>,
}

/// Which statistics are asked for.
#[napi(object)]
pub struct StatsQuery {
    pub state: Option<bool>,
    pub cpu: Option<bool>,
    pub balloon: Option<bool>,
    pub vcpu: Option<bool>,
    pub net: Option<bool>,
    pub block: Option<bool>,
    /// Only active domains.
    pub active_only: Option<bool>,
    /// Leave out what would wait for a guest that doesn't answer.
    pub no_wait: Option<bool>,
}

fn on(flag: Option<bool>) -> bool {
    flag.unwrap_or(false)
}

impl From<Affect> for core::Affect {
    fn from(a: Affect) -> Self {
        Self { live: on(a.live), config: on(a.config) }
    }
}

impl From<ShutdownModes> for life::ShutdownModes {
    fn from(m: ShutdownModes) -> Self {
        Self { acpi: on(m.acpi), agent: on(m.agent), signal: on(m.signal) }
    }
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn list_domains<'env>(
        &self,
        env: &'env Env,
        filter: DomainFilter,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<DomainRecord>>> {
        let filter = core::DomainFilter {
            active: on(filter.active),
            inactive: on(filter.inactive),
            persistent: on(filter.persistent),
            transient: on(filter.transient),
        };
        self.host(env, "listDomains", (timeout_ms, token), move |session| {
            Ok(session.list_domains(filter)?.into_iter().map(DomainRecord::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn find_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.object(env, "lookupDomain", uuid, (timeout_ms, token), Session::find_domain)
    }

    #[napi]
    pub fn find_domain_by_name<'env>(
        &self,
        env: &'env Env,
        name: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "lookupDomain", (timeout_ms, token), move |session| session.find_domain_by_name(&name))
    }

    #[napi]
    pub fn define_domain<'env>(
        &self,
        env: &'env Env,
        xml: String,
        validate: bool,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ObjectName>> {
        self.host(env, "defineDomain", (timeout_ms, token), move |session| session.define_domain(&xml, validate))
    }

    #[napi]
    pub fn domain_state<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, DomainState>> {
        self.domain(env, "domainState", uuid, (timeout_ms, token), Session::domain_state)
    }

    #[napi]
    pub fn domain_info<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, DomainInfo>> {
        self.domain(env, "domainInfo", uuid, (timeout_ms, token), Session::domain_info)
    }

    #[napi]
    pub fn domain_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: XmlFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        let flags =
            core::XmlFlags { secure: on(flags.secure), inactive: on(flags.inactive), migratable: on(flags.migratable) };
        self.domain(env, "domainXml", uuid, (timeout_ms, token), move |session, uuid| session.domain_xml(uuid, flags))
    }

    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn domain_metadata<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        namespace: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Option<String>>> {
        self.domain(env, "domainMetadata", uuid, (timeout_ms, token), move |session, uuid| {
            session.domain_metadata(uuid, &namespace, affect.into())
        })
    }

    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn set_domain_metadata<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "string | null")] xml: Option<String>,
        prefix: String,
        namespace: String,
        affect: Affect,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        self.domain(env, "setDomainMetadata", uuid, (timeout_ms, token), move |session, uuid| {
            session.set_domain_metadata(uuid, xml.as_deref(), &prefix, &namespace, affect.into())
        })
    }

    #[napi]
    pub fn start_domain<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: StartFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, ()>> {
        let flags = life::StartFlags {
            paused: on(flags.paused),
            auto_destroy: on(flags.auto_destroy),
            bypass_cache: on(flags.bypass_cache),
            force_boot: on(flags.force_boot),
            validate: on(flags.validate),
        };
        self.domain(env, "startDomain", uuid, (timeout_ms, token), move |session, uuid| session.start_domain(uuid, flags))
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
        let flags = life::UndefineFlags {
            managed_save: on(flags.managed_save),
            snapshots_metadata: on(flags.snapshots_metadata),
            nvram: on(flags.nvram),
            keep_nvram: on(flags.keep_nvram),
            checkpoints_metadata: on(flags.checkpoints_metadata),
        };
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

    #[napi]
    pub fn interface_addresses<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        #[napi(ts_arg_type = "'lease' | 'agent' | 'arp'")] source: String,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<InterfaceAddresses>>> {
        let source = match source.as_str() {
            "lease" => AddressSource::Lease,
            "agent" => AddressSource::Agent,
            "arp" => AddressSource::Arp,
            _ => return Err(refused("addresses come from lease, agent or arp")),
        };
        self.domain(env, "interfaceAddresses", uuid, (timeout_ms, token), move |session, uuid| {
            let found = session.interface_addresses(uuid, source)?;
            Ok(found.into_iter().map(InterfaceAddresses::from).collect::<Vec<_>>())
        })
    }

    #[napi]
    pub fn all_domain_stats<'env>(
        &self,
        env: &'env Env,
        query: StatsQuery,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Vec<DomainStats>>> {
        let query = domain_stats::StatsQuery {
            state: on(query.state),
            cpu: on(query.cpu),
            balloon: on(query.balloon),
            vcpu: on(query.vcpu),
            net: on(query.net),
            block: on(query.block),
            active_only: on(query.active_only),
            no_wait: on(query.no_wait),
        };
        self.host(env, "allDomainStats", (timeout_ms, token), move |session| {
            Ok(session.all_domain_stats(query)?.into_iter().map(DomainStats::from).collect::<Vec<_>>())
        })
    }
}

/// A JavaScript number that must be a whole one, not below zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn whole(value: f64, what: &str) -> Result<u64> {
    let exact = value.is_finite() && value >= 0.0 && value.fract() == 0.0 && value < 9_007_199_254_740_992.0;
    if exact { Ok(value as u64) } else { Err(refused(&format!("{what} must be a whole number, not below zero"))) }
}
