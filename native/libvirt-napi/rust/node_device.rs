//! Devices of the host.

use libvirt_core::ops::node_device::{self as core, DeviceAction};
use napi::Result;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::{all, calls, record};

record! {
    /// A device of the host.
    NodeDeviceRecord from core::NodeDeviceRecord {
        /// e.g. `pci_0000_00_1f_2`
        name: String = r.name,
        /// The device that it hangs on; absent for the root.
        parent: Option<String> = r.parent,
        /// What it is, e.g. `pci`, `net`, `mdev_types`.
        capabilities: Vec<String> = r.capabilities,
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

calls!(host {
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
