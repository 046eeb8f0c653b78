//! Interfaces of the host.

use libvirt_core::ops::interface::{self as core, InterfaceAction, InterfaceChange};
use napi::Result;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::{all, calls, record};

record! {
    /// An interface of the host.
    InterfaceRecord from core::InterfaceRecord {
        name: String = r.name,
        /// Empty when it has none.
        mac: String = r.mac,
        active: bool = r.active,
    } by r
}

calls!(host {
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
