//! Domains: finding them and what they are.

use libvirt_core::ops::domain as core;
use libvirt_core::ops::domain_devices::AddressSource;
use libvirt_core::ops::domain_list;
use libvirt_core::ops::domain_stats;
use libvirt_core::{CText, Code, Error, Session};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::flags;
use crate::domain_records::{DomainInfo, DomainRecord, DomainState, DomainStatsRecord, InterfaceAddresses, ObjectName};
use crate::text::Text;

flags! {
    /// Which domains a list holds; all when nothing is set. Of one group (`active` and `inactive`; `persistent` and
    /// `transient`; the states) any is enough, and of several groups each counts.
    DomainFilter as domain_list::DomainFilter {
        active,
        inactive,
        persistent,
        transient,
        running,
        paused,
        shutoff,
        /// In any other state.
        other,
        /// With a managed save.
        managed_save,
        /// Starting with the daemon.
        autostart,
        has_snapshot,
        has_checkpoint,
    }
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

/// Which statistics are asked for.
#[napi(object)]
pub struct StatsQuery {
    pub state: Option<bool>,
    pub cpu: Option<bool>,
    pub balloon: Option<bool>,
    pub vcpu: Option<bool>,
    pub net: Option<bool>,
    pub block: Option<bool>,
    pub perf: Option<bool>,
    pub io_thread: Option<bool>,
    pub memory: Option<bool>,
    pub dirty_rate: Option<bool>,
    /// Only active domains.
    pub active_only: Option<bool>,
    /// Leave out what would wait for a guest that doesn't answer.
    pub no_wait: Option<bool>,
}

pub(crate) fn on(flag: Option<bool>) -> bool {
    flag.unwrap_or(false)
}

impl From<Affect> for core::Affect {
    fn from(a: Affect) -> Self {
        Self { live: on(a.live), config: on(a.config) }
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
        let filter = filter.into();
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

    #[napi(ts_return_type = "Promise<string>")]
    pub fn domain_xml<'env>(
        &self,
        env: &'env Env,
        uuid: String,
        flags: XmlFlags,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Text<CText>>> {
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

    /// As JSON, an array of `DomainStatsRecord`: of all ways to make thousands of objects the fastest, and made on a worker.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn all_domain_stats<'env>(
        &self,
        env: &'env Env,
        query: StatsQuery,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, Text<String>>> {
        let query = domain_stats::StatsQuery {
            state: on(query.state),
            cpu: on(query.cpu),
            balloon: on(query.balloon),
            vcpu: on(query.vcpu),
            net: on(query.net),
            block: on(query.block),
            perf: on(query.perf),
            io_thread: on(query.io_thread),
            memory: on(query.memory),
            dirty_rate: on(query.dirty_rate),
            active_only: on(query.active_only),
            no_wait: on(query.no_wait),
        };
        self.host(env, "allDomainStats", (timeout_ms, token), move |session| {
            let stats = session.all_domain_stats(query)?.into_iter();
            let stats: Vec<_> = stats.map(|stats| DomainStatsRecord::new(stats, query)).collect();
            serde_json::to_string(&stats).map_err(|e| Error::own(Code::InternalError, "allDomainStats", e.to_string()))
        })
    }
}
