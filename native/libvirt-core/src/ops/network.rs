//! Virtual networks.

use std::ptr;

use libc::{c_int, c_void};
use virt_sys as sys;

use super::domain::ObjectName;
use crate::error::{Code, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, optional_arg, pointer, still_there, taken, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::word;

/// A network in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRecord {
    /// The network.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// Its bridge on the host, when it has one.
    pub bridge: Option<String>,
    /// Whether it is up.
    pub active: bool,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

/// A lease of libvirt's DHCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpLease {
    /// The bridge.
    pub interface: String,
    /// When it ends, seconds since the epoch; 0 for never.
    pub expires_at: i64,
    /// `ipv4` or `ipv6`
    pub family: &'static str,
    /// The guest's MAC address.
    pub mac: Option<String>,
    /// The address.
    pub address: String,
    /// Prefix length in bits.
    pub prefix: u32,
    /// The name the guest gave.
    pub hostname: Option<String>,
    /// Its client id or DUID.
    pub client_id: Option<String>,
}

/// What an update does with the element of the XML (`virNetworkUpdateCommand`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateCommand {
    /// Change the element that is there.
    Modify,
    /// Take it out.
    Delete,
    /// Put it last.
    AddLast,
    /// Put it first.
    AddFirst,
}

/// Which part of the definition an update is about (`virNetworkUpdateSection`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateSection {
    /// `<bridge>`
    Bridge,
    /// `<domain>`
    Domain,
    /// `<ip>`
    Ip,
    /// `<ip><dhcp><host>`
    IpDhcpHost,
    /// `<ip><dhcp><range>`
    IpDhcpRange,
    /// `<forward>`
    Forward,
    /// `<forward><interface>`
    ForwardInterface,
    /// `<forward><pf>`
    ForwardPf,
    /// `<portgroup>`
    PortGroup,
    /// `<dns><host>`
    DnsHost,
    /// `<dns><txt>`
    DnsTxt,
    /// `<dns><srv>`
    DnsSrv,
}

/// One change of a network's definition or of the network as it runs.
#[derive(Debug, Clone)]
pub struct NetworkUpdate {
    /// What to do.
    pub command: UpdateCommand,
    /// Where.
    pub section: UpdateSection,
    /// Which parent element, -1 when libvirt shall find out.
    pub parent_index: i32,
    /// The element.
    pub xml: String,
    /// For the network as it runs.
    pub live: bool,
    /// For the definition.
    pub config: bool,
}

impl Session {
    pub(crate) fn with_network<R>(
        &mut self,
        uuid: Uuid,
        act: impl FnOnce(*mut sys::virNetwork) -> Result<R>,
    ) -> Result<R> {
        let conn = self.conn();
        let look_up = || {
            // SAFETY: a live connection and 16 bytes.
            Handle::own(unsafe { sys::virNetworkLookupByUUID(conn, uuid.0.as_ptr()) }, "virNetworkLookupByUUID")
        };
        self.networks.with(uuid, look_up, act)
    }

    fn network_call(
        &mut self,
        uuid: Uuid,
        call: &'static str,
        act: impl FnOnce(*mut sys::virNetwork) -> c_int,
    ) -> Result<c_int> {
        self.with_network(uuid, |network| check(act(network), call))
    }

    /// All networks (`virConnectListAllNetworks`).
    pub fn list_networks(&mut self) -> Result<Vec<NetworkRecord>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let networks =
            list("virConnectListAllNetworks", |array| unsafe { sys::virConnectListAllNetworks(conn, array, 0) })?;
        still_there(&networks, Code::NoNetwork, record)
    }

    /// Finds a network by name; `NO_NETWORK` when there is none.
    pub fn find_network_by_name(&mut self, name: &str) -> Result<ObjectName> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virNetworkLookupByName(self.conn(), text.as_ptr()) };
        reference(&Handle::own(raw, "virNetworkLookupByName").map_err(|e| e.about(name))?)
    }

    /// Finds a network by UUID; `NO_NETWORK` when there is none.
    pub fn find_network(&mut self, uuid: Uuid) -> Result<ObjectName> {
        // SAFETY: a live connection and 16 bytes.
        let raw = unsafe { sys::virNetworkLookupByUUID(self.conn(), uuid.0.as_ptr()) };
        reference(&Handle::own(raw, "virNetworkLookupByUUID").map_err(|e| e.about(uuid.to_string()))?)
    }

    /// Defines a persistent network, or redefines the one of the same UUID (`virNetworkDefineXMLFlags`).
    pub fn define_network(&mut self, xml: &str, validate: bool) -> Result<ObjectName> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_NETWORK_DEFINE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virNetworkDefineXMLFlags(self.conn(), text.as_ptr(), flags) };
        reference(&Handle::own(raw, "virNetworkDefineXMLFlags")?)
    }

    /// Brings a network up that is gone when it is taken down (`virNetworkCreateXMLFlags`).
    pub fn create_network(&mut self, xml: &str, validate: bool) -> Result<ObjectName> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_NETWORK_CREATE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virNetworkCreateXMLFlags(self.conn(), text.as_ptr(), flags) };
        reference(&Handle::own(raw, "virNetworkCreateXMLFlags")?)
    }

    /// Starts a defined network (`virNetworkCreate`); `OPERATION_INVALID` when it is up.
    pub fn start_network(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live network.
        self.network_call(uuid, "virNetworkCreate", |network| unsafe { sys::virNetworkCreate(network) }).map(drop)
    }

    /// Stops a network (`virNetworkDestroy`); guests on it keep their interfaces and lose the bridge.
    pub fn destroy_network(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live network.
        self.network_call(uuid, "virNetworkDestroy", |network| unsafe { sys::virNetworkDestroy(network) }).map(drop)
    }

    /// Removes the definition (`virNetworkUndefine`).
    pub fn undefine_network(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live network.
        self.network_call(uuid, "virNetworkUndefine", |network| unsafe { sys::virNetworkUndefine(network) }).map(drop)
    }

    /// Changes one element (`virNetworkUpdate`).
    pub fn update_network(&mut self, uuid: Uuid, update: &NetworkUpdate) -> Result<()> {
        let xml = arg(&update.xml)?;
        let (command, section) = (command_number(update.command), section_number(update.section));
        let flags = bits(&[
            (update.live, sys::VIR_NETWORK_UPDATE_AFFECT_LIVE),
            (update.config, sys::VIR_NETWORK_UPDATE_AFFECT_CONFIG),
        ]);
        // SAFETY: a live network and NUL-terminated XML.
        self.network_call(uuid, "virNetworkUpdate", |network| unsafe {
            sys::virNetworkUpdate(network, command, section, update.parent_index, xml.as_ptr(), flags)
        })
        .map(drop)
    }

    /// What a list says of one network.
    pub fn network_record(&mut self, uuid: Uuid) -> Result<NetworkRecord> {
        self.with_network(uuid, record_of)
    }

    /// Whether it starts with the daemon (`virNetworkSetAutostart`).
    pub fn set_network_autostart(&mut self, uuid: Uuid, autostart: bool) -> Result<()> {
        // SAFETY: a live network.
        self.network_call(uuid, "virNetworkSetAutostart", |network| unsafe {
            sys::virNetworkSetAutostart(network, i32::from(autostart))
        })
        .map(drop)
    }

    /// The network as XML (`virNetworkGetXMLDesc`).
    pub fn network_xml(&mut self, uuid: Uuid, inactive: bool) -> Result<String> {
        let flags = bits(&[(inactive, sys::VIR_NETWORK_XML_INACTIVE)]);
        // SAFETY: a live network; the answer is ours to free.
        self.with_network(uuid, |network| unsafe {
            taken(sys::virNetworkGetXMLDesc(network, flags), "virNetworkGetXMLDesc")
        })
    }

    /// The bridge's name (`virNetworkGetBridgeName`).
    pub fn network_bridge(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live network; the answer is ours to free.
        self.with_network(uuid, |network| unsafe {
            taken(sys::virNetworkGetBridgeName(network), "virNetworkGetBridgeName")
        })
    }

    /// DHCP leases, of one MAC address when given (`virNetworkGetDHCPLeases`).
    pub fn dhcp_leases(&mut self, uuid: Uuid, mac: Option<&str>) -> Result<Vec<DhcpLease>> {
        let mac = optional_arg(mac)?;
        self.with_network(uuid, |network| {
            let mut array: *mut sys::virNetworkDHCPLeasePtr = ptr::null_mut();
            // SAFETY: a live network, a null or NUL-terminated MAC, a place for the array.
            let answer = unsafe { sys::virNetworkGetDHCPLeases(network, pointer(mac.as_ref()), &raw mut array, 0) };
            let count = usize::try_from(check(answer, "virNetworkGetDHCPLeases")?).unwrap_or(0);
            let mut leases = Vec::with_capacity(count);
            for i in 0..count {
                // SAFETY: `count` elements, each ours to free after it was read.
                unsafe {
                    let lease = *array.add(i);
                    leases.push(read_lease(&*lease));
                    sys::virNetworkDHCPLeaseFree(lease);
                }
            }
            // SAFETY: the array itself is malloc'ed for the caller.
            unsafe { libc::free(array.cast::<c_void>()) };
            Ok(leases)
        })
    }
}

/// # Safety
/// `raw` is an element that libvirt filled and that is not freed yet.
unsafe fn read_lease(raw: &sys::virNetworkDHCPLease) -> DhcpLease {
    // SAFETY: each is null or a string of the element.
    unsafe {
        DhcpLease {
            interface: borrowed(raw.iface).unwrap_or_default(),
            expires_at: raw.expirytime,
            family: word(&["ipv4", "ipv6"], raw.type_),
            mac: borrowed(raw.mac),
            address: borrowed(raw.ipaddr).unwrap_or_default(),
            prefix: raw.prefix,
            hostname: borrowed(raw.hostname),
            client_id: borrowed(raw.clientid),
        }
    }
}

fn reference(network: &Handle<sys::virNetwork>) -> Result<ObjectName> {
    reference_of(network.as_ptr())
}

fn reference_of(network: *mut sys::virNetwork) -> Result<ObjectName> {
    // SAFETY: a live network and 16 bytes for the answer.
    let uuid = uuid_of("virNetworkGetUUID", |raw| unsafe { sys::virNetworkGetUUID(network, raw) })?;
    // SAFETY: a live network, which keeps its name.
    let name = unsafe { borrowed(sys::virNetworkGetName(network)) }.unwrap_or_default();
    Ok(ObjectName { uuid, name })
}

fn record(network: &Handle<sys::virNetwork>) -> Result<NetworkRecord> {
    record_of(network.as_ptr())
}

fn record_of(network: *mut sys::virNetwork) -> Result<NetworkRecord> {
    let ObjectName { uuid, name } = reference_of(network)?;
    let mut autostart = 0;
    // SAFETY: a live network and a place for the answer.
    unsafe {
        let active = check(sys::virNetworkIsActive(network), "virNetworkIsActive")? == 1;
        let persistent = check(sys::virNetworkIsPersistent(network), "virNetworkIsPersistent")? == 1;
        // A transient network has no autostart, an isolated one may have no bridge: that is "no", not a failure.
        if sys::virNetworkGetAutostart(network, &raw mut autostart) < 0 {
            sys::virResetLastError();
        }
        let bridge = taken(sys::virNetworkGetBridgeName(network), "virNetworkGetBridgeName").ok();
        Ok(NetworkRecord { uuid, name, bridge, active, persistent, autostart: autostart == 1 })
    }
}

fn command_number(command: UpdateCommand) -> u32 {
    match command {
        UpdateCommand::Modify => sys::VIR_NETWORK_UPDATE_COMMAND_MODIFY,
        UpdateCommand::Delete => sys::VIR_NETWORK_UPDATE_COMMAND_DELETE,
        UpdateCommand::AddLast => sys::VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
        UpdateCommand::AddFirst => sys::VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST,
    }
}

fn section_number(section: UpdateSection) -> u32 {
    match section {
        UpdateSection::Bridge => sys::VIR_NETWORK_SECTION_BRIDGE,
        UpdateSection::Domain => sys::VIR_NETWORK_SECTION_DOMAIN,
        UpdateSection::Ip => sys::VIR_NETWORK_SECTION_IP,
        UpdateSection::IpDhcpHost => sys::VIR_NETWORK_SECTION_IP_DHCP_HOST,
        UpdateSection::IpDhcpRange => sys::VIR_NETWORK_SECTION_IP_DHCP_RANGE,
        UpdateSection::Forward => sys::VIR_NETWORK_SECTION_FORWARD,
        UpdateSection::ForwardInterface => sys::VIR_NETWORK_SECTION_FORWARD_INTERFACE,
        UpdateSection::ForwardPf => sys::VIR_NETWORK_SECTION_FORWARD_PF,
        UpdateSection::PortGroup => sys::VIR_NETWORK_SECTION_PORTGROUP,
        UpdateSection::DnsHost => sys::VIR_NETWORK_SECTION_DNS_HOST,
        UpdateSection::DnsTxt => sys::VIR_NETWORK_SECTION_DNS_TXT,
        UpdateSection::DnsSrv => sys::VIR_NETWORK_SECTION_DNS_SRV,
    }
}
