//! Networks.

use libvirt_core::Session;
use libvirt_core::ops::network as core;
use napi::Result;
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::{all, calls};
use crate::domain::ObjectName;
use crate::number::Int32;

/// A network.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct NetworkRecord {
    pub uuid: String,
    pub name: String,
    /// Its bridge on the host, null when it has none.
    pub bridge: Option<String>,
    pub active: bool,
    /// Whether its definition outlives its run.
    pub persistent: bool,
    /// Whether it starts with the daemon.
    pub autostart: bool,
}

/// A lease of libvirt's DHCP server.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DhcpLease {
    /// The bridge.
    pub interface: String,
    /// When it ends, seconds since the epoch; 0 for never.
    pub expires_at: f64,
    #[napi(ts_type = "'ipv4' | 'ipv6' | 'unknown'")]
    pub family: &'static str,
    pub mac: Option<String>,
    pub address: String,
    /// Prefix length in bits.
    pub prefix: u32,
    /// The name the guest gave.
    pub hostname: Option<String>,
    /// Its client id or DUID.
    pub client_id: Option<String>,
}

/// One change of a network.
#[napi(object, object_to_js = false)]
pub struct NetworkUpdate {
    #[napi(ts_type = "'modify' | 'delete' | 'add-last' | 'add-first'")]
    pub command: String,
    #[napi(ts_type = "NetworkSection")]
    pub section: String,
    /// Which parent element; -1 (the default) when libvirt shall find out.
    pub parent_index: Option<Int32>,
    /// The element.
    pub xml: String,
    /// For the network as it runs.
    pub live: Option<bool>,
    /// For the definition.
    pub config: Option<bool>,
}

impl From<core::NetworkRecord> for NetworkRecord {
    fn from(n: core::NetworkRecord) -> Self {
        Self {
            uuid: n.uuid.to_string(),
            name: n.name,
            bridge: n.bridge,
            active: n.active,
            persistent: n.persistent,
            autostart: n.autostart,
        }
    }
}

impl From<core::DhcpLease> for DhcpLease {
    #[allow(clippy::cast_precision_loss)]
    fn from(l: core::DhcpLease) -> Self {
        Self {
            interface: l.interface,
            expires_at: l.expires_at as f64,
            family: l.family,
            mac: l.mac,
            address: l.address,
            prefix: l.prefix,
            hostname: l.hostname,
            client_id: l.client_id,
        }
    }
}

fn update_of(update: NetworkUpdate) -> Result<core::NetworkUpdate> {
    let command = match update.command.as_str() {
        "modify" => core::UpdateCommand::Modify,
        "delete" => core::UpdateCommand::Delete,
        "add-last" => core::UpdateCommand::AddLast,
        "add-first" => core::UpdateCommand::AddFirst,
        _ => return Err(refused("a network's element is modified, deleted or added")),
    };
    let section = match update.section.as_str() {
        "bridge" => core::UpdateSection::Bridge,
        "domain" => core::UpdateSection::Domain,
        "ip" => core::UpdateSection::Ip,
        "ip-dhcp-host" => core::UpdateSection::IpDhcpHost,
        "ip-dhcp-range" => core::UpdateSection::IpDhcpRange,
        "forward" => core::UpdateSection::Forward,
        "forward-interface" => core::UpdateSection::ForwardInterface,
        "forward-pf" => core::UpdateSection::ForwardPf,
        "portgroup" => core::UpdateSection::PortGroup,
        "dns-host" => core::UpdateSection::DnsHost,
        "dns-txt" => core::UpdateSection::DnsTxt,
        "dns-srv" => core::UpdateSection::DnsSrv,
        _ => return Err(refused("not a section of a network")),
    };
    Ok(core::NetworkUpdate {
        command,
        section,
        parent_index: update.parent_index.map_or(-1, |index| index.0),
        xml: update.xml,
        live: update.live.unwrap_or(false),
        config: update.config.unwrap_or(false),
    })
}

calls!(host {
    list_networks, "listNetworks", () -> Vec<NetworkRecord> =
        |session| session.list_networks().map(all);
    find_network_by_name, "lookupNetwork", (name: String) -> ObjectName =
        move |session| session.find_network_by_name(&name);
    define_network, "defineNetwork", (xml: String, validate: bool) -> ObjectName =
        move |session| session.define_network(&xml, validate);
    create_network, "createNetwork", (xml: String, validate: bool) -> ObjectName =
        move |session| session.create_network(&xml, validate);
});

calls!(object {
    find_network, "lookupNetwork", () -> ObjectName = Session::find_network;
    start_network, "startNetwork", () -> () = Session::start_network;
    destroy_network, "destroyNetwork", () -> () = Session::destroy_network;
    undefine_network, "undefineNetwork", () -> () = Session::undefine_network;
    update_network, "updateNetwork", (update: NetworkUpdate) -> () = {
        let update = update_of(update)?;
        move |session, uuid| session.update_network(uuid, &update)
    };
    network_record, "networkRecord", () -> NetworkRecord = Session::network_record;
    set_network_autostart, "setNetworkAutostart", (autostart: bool) -> () =
        move |session, uuid| session.set_network_autostart(uuid, autostart);
    network_xml, "networkXml", (inactive: bool) -> String = move |session, uuid| session.network_xml(uuid, inactive);
    network_bridge, "networkBridge", () -> String = Session::network_bridge;
    dhcp_leases, "dhcpLeases", (mac: Option<String>) -> Vec<DhcpLease> =
        move |session, uuid| session.dhcp_leases(uuid, mac.as_deref()).map(all);
});
