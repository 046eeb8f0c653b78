//! Ports of networks, bindings of filters, copies of volumes, and what has no definition.

use libvirt_core::{Error, Session, Uuid, ops::storage_volume};

use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::domain_records::ObjectName;
use crate::nwfilter::NwFilterBinding;
use crate::params::{TypedParameter, taken, told};
use crate::storage::VolumeRecord;

/// A volume and the pool that it is in.
#[napi_derive::napi(object, object_from_js = false)]
pub struct FoundVolume {
    pub pool: ObjectName,
    pub volume: VolumeRecord,
}

impl From<(libvirt_core::ops::domain::ObjectName, storage_volume::VolumeRecord)> for FoundVolume {
    fn from((pool, volume): (libvirt_core::ops::domain::ObjectName, storage_volume::VolumeRecord)) -> Self {
        Self { pool: pool.into(), volume: volume.into() }
    }
}

fn parsed(uuid: &str) -> Result<Uuid, Error> {
    uuid.parse()
}

calls!(object {
    list_ports, "listNetworkPorts", () -> Vec<String> = |session: &mut Session, network: Uuid| {
        Ok(session.list_ports(network)?.into_iter().map(|port| port.to_string()).collect::<Vec<_>>())
    };
    create_port, "createNetworkPort", (xml: String, validate: bool) -> String =
        move |session: &mut Session, network: Uuid| {
            session.create_port(network, &xml, validate).map(|port| port.to_string())
        };
    delete_port, "deleteNetworkPort", (port: String) -> () =
        move |session: &mut Session, network: Uuid| session.delete_port(network, parsed(&port)?);
    port_xml, "networkPortXml", (port: String) -> String =
        move |session: &mut Session, network: Uuid| session.port_xml(network, parsed(&port)?);
    port_parameters, "networkPortParameters", (port: String) -> Vec<TypedParameter> =
        move |session: &mut Session, network: Uuid| session.port_parameters(network, parsed(&port)?).map(told);
    set_port_parameters, "setNetworkPortParameters", (port: String, parameters: Vec<TypedParameter>) -> () = {
        let parameters = taken(parameters)?;
        move |session: &mut Session, network: Uuid| session.set_port_parameters(network, parsed(&port)?, &parameters)
    };
    clone_volume, "cloneStorageVolume", (
        xml: String,
        source_pool: String,
        source: String,
        reflink: bool
    ) -> VolumeRecord =
        move |session: &mut Session, pool: Uuid| {
            session.clone_volume(pool, &xml, (parsed(&source_pool)?, &source), reflink)
        };
    wipe_volume, "wipeStorageVolume", (name: String, algorithm: String) -> () =
        move |session: &mut Session, pool: Uuid| session.wipe_volume(pool, &name, &algorithm);
    find_pool, "lookupStoragePool", () -> ObjectName = Session::find_pool;
    delete_pool, "deleteStoragePool", () -> () = Session::delete_pool;
});

calls!(host {
    define_network, "defineNetwork", (xml: String, validate: bool) -> ObjectName =
        move |session| session.define_network(&xml, validate);
    create_network, "createNetwork", (xml: String, validate: bool) -> ObjectName =
        move |session| session.create_network(&xml, validate);
    find_filter_binding, "lookupNwFilterBinding", (port_dev: String) -> NwFilterBinding =
        move |session| session.find_filter_binding(&port_dev);
    create_filter_binding, "createNwFilterBinding", (xml: String, validate: bool) -> NwFilterBinding =
        move |session| session.create_filter_binding(&xml, validate);
    delete_filter_binding, "deleteNwFilterBinding", (port_dev: String) -> () =
        move |session| session.delete_filter_binding(&port_dev);
    filter_binding_xml, "nwFilterBindingXml", (port_dev: String) -> String =
        move |session| session.filter_binding_xml(&port_dev);
    find_volume_by, "lookupStorageVolume", (path_or_key: String, by_key: bool) -> FoundVolume =
        move |session| session.find_volume_by(&path_or_key, by_key);
    find_pool_by_path, "lookupStoragePool", (path: String) -> ObjectName =
        move |session| session.find_pool_by_path(&path);
    create_pool, "createStoragePool", (xml: String, build: bool) -> ObjectName =
        move |session| session.create_pool(&xml, build);
    find_pool_sources, "findStoragePoolSources", (kind: String, source: Option<String>) -> String =
        move |session| session.find_pool_sources(&kind, source.as_deref());
    pool_capabilities, "storagePoolCapabilities", () -> String = Session::pool_capabilities;
});
