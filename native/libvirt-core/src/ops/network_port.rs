//! Ports of a network: one for each interface of a guest that is plugged into it.

use virt_sys as sys;

use crate::error::Result;
use crate::ffi::{Handle, arg, bits, check, list, taken, uuid_of};
use crate::parameters::{self, List, Param};
use crate::session::Session;
use crate::uuid::Uuid;

impl Session {
    fn with_port<R>(
        &mut self,
        network: Uuid,
        port: Uuid,
        act: impl FnOnce(*mut sys::virNetworkPort) -> Result<R>,
    ) -> Result<R> {
        self.with_network(network, |network| {
            // SAFETY: a live network and 16 bytes.
            let raw = unsafe { sys::virNetworkPortLookupByUUID(network, port.0.as_ptr()) };
            Handle::own(raw, "virNetworkPortLookupByUUID")
                .and_then(|port| act(port.as_ptr()))
                .map_err(|error| error.about(port.to_string()))
        })
    }

    /// The ports of a network (`virNetworkListAllPorts`).
    pub fn list_ports(&mut self, network: Uuid) -> Result<Vec<Uuid>> {
        self.with_network(network, |network| {
            // SAFETY: a live network; `list` owns the array.
            let ports =
                list("virNetworkListAllPorts", |array| unsafe { sys::virNetworkListAllPorts(network, array, 0) })?;
            ports.iter().map(|port| uuid_of_port(port.as_ptr())).collect()
        })
    }

    /// Makes a port (`virNetworkPortCreateXML`).
    pub fn create_port(&mut self, network: Uuid, xml: &str, validate: bool) -> Result<Uuid> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_NETWORK_PORT_CREATE_VALIDATE)]);
        self.with_network(network, |network| {
            // SAFETY: a live network and NUL-terminated XML.
            let raw = unsafe { sys::virNetworkPortCreateXML(network, text.as_ptr(), flags) };
            uuid_of_port(Handle::own(raw, "virNetworkPortCreateXML")?.as_ptr())
        })
    }

    /// Removes a port; its interface is cut off (`virNetworkPortDelete`).
    pub fn delete_port(&mut self, network: Uuid, port: Uuid) -> Result<()> {
        self.with_port(network, port, |port| {
            // SAFETY: a live port.
            check(unsafe { sys::virNetworkPortDelete(port, 0) }, "virNetworkPortDelete").map(drop)
        })
    }

    /// The port as XML (`virNetworkPortGetXMLDesc`).
    pub fn port_xml(&mut self, network: Uuid, port: Uuid) -> Result<String> {
        // SAFETY: a live port; the answer is ours to free.
        self.with_port(network, port, |port| unsafe {
            taken(sys::virNetworkPortGetXMLDesc(port, 0), "virNetworkPortGetXMLDesc")
        })
    }

    /// Its bandwidth limits (`virNetworkPortGetParameters`).
    pub fn port_parameters(&mut self, network: Uuid, port: Uuid) -> Result<Vec<Param>> {
        self.with_port(network, port, |port| {
            // SAFETY: a live port and places for the answer.
            parameters::allocated("virNetworkPortGetParameters", |array, count| unsafe {
                sys::virNetworkPortGetParameters(port, array, count, 0)
            })
        })
    }

    /// Sets them (`virNetworkPortSetParameters`).
    pub fn set_port_parameters(&mut self, network: Uuid, port: Uuid, params: &[Param]) -> Result<()> {
        let list = List::of(params)?;
        self.with_port(network, port, |port| {
            // SAFETY: a live port and a list that lives.
            let answer = unsafe { sys::virNetworkPortSetParameters(port, list.as_ptr(), list.len(), 0) };
            check(answer, "virNetworkPortSetParameters").map(drop)
        })
    }
}

fn uuid_of_port(port: *mut sys::virNetworkPort) -> Result<Uuid> {
    // SAFETY: a live port and 16 bytes for the answer.
    uuid_of("virNetworkPortGetUUID", |raw| unsafe { sys::virNetworkPortGetUUID(port, raw) })
}
