//! Ports of networks.

use libvirt_core::{Session, Uuid};

use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::parameters::{TypedParameter, from_javascript, to_javascript};

calls!(object {
    list_ports, "listNetworkPorts", () -> Vec<String> = |session: &mut Session, network: Uuid| {
        Ok(session.list_ports(network)?.into_iter().map(|port| port.to_string()).collect::<Vec<_>>())
    };
    create_port, "createNetworkPort", (xml: String, validate: bool) -> String =
        move |session: &mut Session, network: Uuid| {
            session.create_port(network, &xml, validate).map(|port| port.to_string())
        };
    delete_port, "deleteNetworkPort", (port: String) -> () =
        move |session: &mut Session, network: Uuid| session.delete_port(network, port.parse()?);
    port_xml, "networkPortXml", (port: String) -> String =
        move |session: &mut Session, network: Uuid| session.port_xml(network, port.parse()?);
    port_parameters, "networkPortParameters", (port: String) -> Vec<TypedParameter> =
        move |session: &mut Session, network: Uuid| session.port_parameters(network, port.parse()?).map(to_javascript);
    set_port_parameters, "setNetworkPortParameters", (port: String, parameters: Vec<TypedParameter>) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, network: Uuid| session.set_port_parameters(network, port.parse()?, &parameters)
    };
});
