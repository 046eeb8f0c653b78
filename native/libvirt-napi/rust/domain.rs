//! Domains: finding them and what they are.

use libvirt_core::ops::domain as core;
use libvirt_core::ops::domain_devices::{self, AddressSource};
use libvirt_core::{LongText, Session};
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::{NativeConnection, number};
use crate::declare::calls;
use crate::text::Text;

/// What names an object.
#[napi(object, object_from_js = false)]
pub struct ObjectName {
    pub uuid: String,
    pub name: String,
}

/// State with its reason.
#[napi(object, object_from_js = false)]
pub struct DomainState {
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    #[napi(ts_type = "DomainStateReason")]
    pub reason: &'static str,
}

/// `virDomainGetInfo`
#[napi(object, object_from_js = false)]
pub struct DomainInfo {
    #[napi(ts_type = "DomainStateName")]
    pub state: &'static str,
    /// Memory that it may have, KiB.
    pub max_memory_kib: f64,
    /// Memory that it has, KiB.
    pub memory_kib: f64,
    pub vcpus: u32,
    /// CPU time used, nanoseconds.
    pub cpu_time_ns: f64,
}

/// An address with its prefix length in bits.
#[napi(object, object_from_js = false)]
pub struct IpAddress {
    #[napi(ts_type = "'ipv4' | 'ipv6' | 'unknown'")]
    pub family: &'static str,
    pub address: String,
    pub prefix: u32,
}

/// An interface as its source sees it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct InterfaceAddresses {
    /// Name on the host (lease, arp) or in the guest (agent).
    pub name: String,
    pub mac: Option<String>,
    pub addresses: Vec<IpAddress>,
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

pub(crate) fn on(flag: Option<bool>) -> bool {
    flag.unwrap_or(false)
}

impl From<Affect> for core::Affect {
    fn from(a: Affect) -> Self {
        Self { live: on(a.live), config: on(a.config) }
    }
}

impl From<core::ObjectName> for ObjectName {
    fn from(o: core::ObjectName) -> Self {
        Self { uuid: o.uuid.to_string(), name: o.name }
    }
}

impl From<core::DomainState> for DomainState {
    fn from(d: core::DomainState) -> Self {
        Self { state: d.state, reason: d.reason }
    }
}

impl From<core::DomainInfo> for DomainInfo {
    fn from(d: core::DomainInfo) -> Self {
        Self {
            state: d.state,
            max_memory_kib: number(d.max_memory_kib),
            memory_kib: number(d.memory_kib),
            vcpus: d.vcpus,
            cpu_time_ns: number(d.cpu_time_ns),
        }
    }
}

impl From<domain_devices::InterfaceAddresses> for InterfaceAddresses {
    fn from(i: domain_devices::InterfaceAddresses) -> Self {
        let address =
            |a: domain_devices::IpAddress| IpAddress { family: a.family, address: a.address, prefix: a.prefix };
        Self { name: i.name, mac: i.mac, addresses: i.addresses.into_iter().map(address).collect() }
    }
}

calls!(host {
    find_domain_by_name, "lookupDomain", (name: String) -> ObjectName =
        move |session| session.find_domain_by_name(&name);
    define_domain, "defineDomain", (xml: String, validate: bool) -> ObjectName =
        move |session| session.define_domain(&xml, validate);
});

// The state never waits for the guest: it is no call on the domain, which may hang.
calls!(object {
    find_domain, "lookupDomain", () -> ObjectName = Session::find_domain;
    domain_state, "domainState", () -> DomainState = Session::domain_state;
});

calls!(domain {
    domain_info, "domainInfo", () -> DomainInfo = Session::domain_info;
    domain_xml as "Promise<string>", "domainXml", (flags: XmlFlags) -> Text<LongText> = {
        let flags =
            core::XmlFlags { secure: on(flags.secure), inactive: on(flags.inactive), migratable: on(flags.migratable) };
        move |session, uuid| session.domain_xml(uuid, flags)
    };
    domain_metadata as "Promise<string | null>", "domainMetadata", (
        namespace: String,
        affect: Affect
    ) -> Option<String> =
        move |session, uuid| session.domain_metadata(uuid, &namespace, affect.into());
    set_domain_metadata, "setDomainMetadata", (
        xml: Option<String>,
        prefix: String,
        namespace: String,
        affect: Affect
    ) -> () =
        move |session, uuid| session.set_domain_metadata(uuid, xml.as_deref(), &prefix, &namespace, affect.into());
    interface_addresses, "interfaceAddresses", (
        #[napi(ts_arg_type = "'lease' | 'agent' | 'arp'")] source: String
    ) -> Vec<InterfaceAddresses> = {
        let source = match source.as_str() {
            "lease" => AddressSource::Lease,
            "agent" => AddressSource::Agent,
            "arp" => AddressSource::Arp,
            _ => return Err(refused("addresses come from lease, agent or arp")),
        };
        move |session, uuid| {
            let found = session.interface_addresses(uuid, source)?;
            Ok(found.into_iter().map(InterfaceAddresses::from).collect::<Vec<_>>())
        }
    };
});
