//! Secrets, devices and interfaces of the host.

use libvirt_core::ops::interface::{self, InterfaceAction, InterfaceChange};
use libvirt_core::ops::node_device::{self, DeviceAction};
use libvirt_core::ops::secret;
use libvirt_core::{Session, Uuid};
use napi::Result;
use napi::bindgen_prelude::Buffer;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::{calls, record};

record! {
    /// A secret, without its value.
    SecretRecord from secret::SecretRecord {
        uuid: String = r.uuid.to_string(),
        /// `none`, `volume`, `ceph`, `iscsi`, `tls` or `vtpm`
        usage: String = r.usage.to_owned(),
        /// What it is for, e.g. the path of a volume; empty for `none`.
        usage_id: String = r.usage_id,
    } by r
}

record! {
    /// A device of the host.
    NodeDeviceRecord from node_device::NodeDeviceRecord {
        /// e.g. `pci_0000_00_1f_2`
        name: String = r.name,
        /// The device that it hangs on; absent for the root.
        parent: Option<String> = r.parent,
        /// What it is, e.g. `pci`, `net`, `mdev_types`.
        capabilities: Vec<String> = r.capabilities,
    } by r
}

record! {
    /// An interface of the host.
    InterfaceRecord from interface::InterfaceRecord {
        name: String = r.name,
        /// Empty when it has none.
        mac: String = r.mac,
        active: bool = r.active,
    } by r
}

/// Whether a device is there, and whether its definition stays.
#[napi_derive::napi(object, object_from_js = false)]
pub struct NodeDeviceState {
    pub active: bool,
    pub persistent: bool,
}

impl From<(bool, bool)> for NodeDeviceState {
    fn from((active, persistent): (bool, bool)) -> Self {
        Self { active, persistent }
    }
}

pub(crate) fn all<T, J: From<T>>(records: Vec<T>) -> Vec<J> {
    records.into_iter().map(J::from).collect()
}

calls!(host {
    list_secrets, "listSecrets", () -> Vec<SecretRecord> = |session| session.list_secrets().map(all);
    find_secret_by_usage, "lookupSecret", (usage: String, usage_id: String) -> SecretRecord =
        move |session| session.find_secret_by_usage(&usage, &usage_id);
    define_secret, "defineSecret", (xml: String, validate: bool) -> SecretRecord =
        move |session| session.define_secret(&xml, validate);
    list_node_devices, "listNodeDevices", (capabilities: Vec<String>, inactive: bool) -> Vec<NodeDeviceRecord> =
        move |session| session.list_devices(&capabilities, inactive).map(all);
    find_node_device, "lookupNodeDevice", (name: String) -> NodeDeviceRecord =
        move |session| session.find_device(&name);
    find_scsi_host, "lookupNodeDevice", (node: String, port: String) -> NodeDeviceRecord =
        move |session| session.find_scsi_host(&node, &port);
    create_node_device, "createNodeDevice", (xml: String, define: bool) -> NodeDeviceRecord =
        move |session| session.create_device(&xml, define);
    node_device_xml, "nodeDeviceXml", (name: String) -> String = move |session| session.device_xml(&name);
    detach_node_device, "detachNodeDevice", (name: String, driver: Option<String>) -> () =
        move |session| session.detach_device(&name, driver.as_deref());
    act_on_node_device, "changeNodeDevice", (name: String, action: String) -> () = {
        let action = device_action(&action)?;
        move |session| session.act_on_device(&name, action)
    };
    node_device_state, "nodeDeviceState", (name: String) -> NodeDeviceState =
        move |session| session.device_state(&name);
    node_device_autostart, "nodeDeviceAutostart", (name: String) -> bool =
        move |session| session.device_autostart(&name);
    set_node_device_autostart, "setNodeDeviceAutostart", (name: String, autostart: bool) -> () =
        move |session| session.set_device_autostart(&name, autostart);
    list_interfaces, "listInterfaces", () -> Vec<InterfaceRecord> = |session| session.list_interfaces().map(all);
    find_interface, "lookupInterface", (name: String) -> InterfaceRecord =
        move |session| session.find_interface(&name);
    find_interface_by_mac, "lookupInterface", (mac: String) -> InterfaceRecord =
        move |session| session.find_interface_by_mac(&mac);
    define_interface, "defineInterface", (xml: String, validate: bool) -> InterfaceRecord =
        move |session| session.define_interface(&xml, validate);
    act_on_interface, "changeInterface", (name: String, action: String) -> () = {
        let action = interface_action(&action)?;
        move |session| session.act_on_interface(&name, action)
    };
    interface_xml, "interfaceXml", (name: String, inactive: bool) -> String =
        move |session| session.interface_xml(&name, inactive);
    change_interfaces, "changeInterfaces", (change: String) -> () = {
        let change = interface_change(&change)?;
        move |session| session.change_interfaces(change)
    };
});

calls!(object {
    find_secret, "lookupSecret", () -> SecretRecord = Session::find_secret;
    undefine_secret, "undefineSecret", () -> () = Session::undefine_secret;
    secret_xml, "secretXml", () -> String = Session::secret_xml;
    secret_value, "secretValue", () -> Buffer = |session: &mut Session, uuid: Uuid| session.secret_value(uuid);
    set_secret_value, "setSecretValue", (value: Buffer) -> () = {
        // A copy: JavaScript may change its buffer while the worker sends.
        let value = value.to_vec();
        move |session: &mut Session, uuid: Uuid| session.set_secret_value(uuid, &value)
    };
});

fn device_action(action: &str) -> Result<DeviceAction> {
    match action {
        "reattach" => Ok(DeviceAction::Reattach),
        "reset" => Ok(DeviceAction::Reset),
        "destroy" => Ok(DeviceAction::Destroy),
        "start" => Ok(DeviceAction::Start),
        "undefine" => Ok(DeviceAction::Undefine),
        _ => Err(refused("a device is reattached, reset, destroyed, started or undefined")),
    }
}

fn interface_action(action: &str) -> Result<InterfaceAction> {
    match action {
        "start" => Ok(InterfaceAction::Start),
        "destroy" => Ok(InterfaceAction::Destroy),
        "undefine" => Ok(InterfaceAction::Undefine),
        _ => Err(refused("an interface is started, destroyed or undefined")),
    }
}

fn interface_change(change: &str) -> Result<InterfaceChange> {
    match change {
        "begin" => Ok(InterfaceChange::Begin),
        "commit" => Ok(InterfaceChange::Commit),
        "rollback" => Ok(InterfaceChange::Rollback),
        _ => Err(refused("changes begin, are committed or rolled back")),
    }
}
