//! Network interfaces of the host. What a driver can do differs: QEMU's on Debian lists them and no more.

use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, still_there, taken};
use crate::session::Session;

/// An interface of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceRecord {
    /// Its name, e.g. `eth0`.
    pub name: String,
    /// Its MAC address; empty when it has none.
    pub mac: String,
    /// Whether it is up.
    pub active: bool,
}

/// What can be done with an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceAction {
    /// Bring it up (`virInterfaceCreate`).
    Start,
    /// Take it down (`virInterfaceDestroy`).
    Destroy,
    /// Remove its definition (`virInterfaceUndefine`).
    Undefine,
}

/// Changes of the host's interfaces as one: begun, then kept or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceChange {
    /// `virInterfaceChangeBegin`
    Begin,
    /// `virInterfaceChangeCommit`
    Commit,
    /// `virInterfaceChangeRollback`
    Rollback,
}

impl Session {
    fn with_interface<R>(&mut self, name: &str, act: impl FnOnce(*mut sys::virInterface) -> Result<R>) -> Result<R> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virInterfaceLookupByName(self.conn(), text.as_ptr()) };
        Handle::own(raw, "virInterfaceLookupByName")
            .and_then(|interface| act(interface.as_ptr()))
            .map_err(|error| error.about(name))
    }

    /// All interfaces (`virConnectListAllInterfaces`).
    pub fn list_interfaces(&mut self) -> Result<Vec<InterfaceRecord>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let interfaces =
            list("virConnectListAllInterfaces", |array| unsafe { sys::virConnectListAllInterfaces(conn, array, 0) })?;
        still_there(&interfaces, Code::NoInterface, |interface| record(interface.as_ptr()))
    }

    /// Finds an interface; `NO_INTERFACE` when there is none.
    pub fn find_interface(&mut self, name: &str) -> Result<InterfaceRecord> {
        self.with_interface(name, record)
    }

    /// Finds it by MAC address (`virInterfaceLookupByMACString`).
    pub fn find_interface_by_mac(&mut self, mac: &str) -> Result<InterfaceRecord> {
        let text = arg(mac)?;
        // SAFETY: a live connection and a NUL-terminated address.
        let raw = unsafe { sys::virInterfaceLookupByMACString(self.conn(), text.as_ptr()) };
        record(Handle::own(raw, "virInterfaceLookupByMACString").map_err(|e| e.about(mac))?.as_ptr())
    }

    /// Defines an interface (`virInterfaceDefineXML`).
    pub fn define_interface(&mut self, xml: &str, validate: bool) -> Result<InterfaceRecord> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_INTERFACE_DEFINE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virInterfaceDefineXML(self.conn(), text.as_ptr(), flags) };
        record(Handle::own(raw, "virInterfaceDefineXML")?.as_ptr())
    }

    /// Starts, stops or removes it.
    pub fn act_on_interface(&mut self, name: &str, action: InterfaceAction) -> Result<()> {
        self.with_interface(name, |interface| {
            // SAFETY: a live interface.
            let (answer, call) = unsafe {
                match action {
                    InterfaceAction::Start => (sys::virInterfaceCreate(interface, 0), "virInterfaceCreate"),
                    InterfaceAction::Destroy => (sys::virInterfaceDestroy(interface, 0), "virInterfaceDestroy"),
                    InterfaceAction::Undefine => (sys::virInterfaceUndefine(interface), "virInterfaceUndefine"),
                }
            };
            check(answer, call).map(drop)
        })
    }

    /// The interface as XML (`virInterfaceGetXMLDesc`), `inactive` as it is defined rather than as it is.
    pub fn interface_xml(&mut self, name: &str, inactive: bool) -> Result<String> {
        let flags = bits(&[(inactive, sys::VIR_INTERFACE_XML_INACTIVE)]);
        // SAFETY: a live interface; the answer is ours to free.
        self.with_interface(name, |interface| unsafe {
            taken(sys::virInterfaceGetXMLDesc(interface, flags), "virInterfaceGetXMLDesc")
        })
    }

    /// Begins, keeps or takes back changes.
    pub fn change_interfaces(&mut self, change: InterfaceChange) -> Result<()> {
        // SAFETY: a live connection.
        let (answer, call) = unsafe {
            match change {
                InterfaceChange::Begin => (sys::virInterfaceChangeBegin(self.conn(), 0), "virInterfaceChangeBegin"),
                InterfaceChange::Commit => (sys::virInterfaceChangeCommit(self.conn(), 0), "virInterfaceChangeCommit"),
                InterfaceChange::Rollback => {
                    (sys::virInterfaceChangeRollback(self.conn(), 0), "virInterfaceChangeRollback")
                }
            }
        };
        check(answer, call).map(drop)
    }
}

fn record(interface: *mut sys::virInterface) -> Result<InterfaceRecord> {
    // SAFETY: a live interface, which keeps its texts.
    unsafe {
        Ok(InterfaceRecord {
            name: borrowed(sys::virInterfaceGetName(interface)).ok_or_else(|| Error::last("virInterfaceGetName"))?,
            mac: borrowed(sys::virInterfaceGetMACString(interface)).unwrap_or_default(),
            active: check(sys::virInterfaceIsActive(interface), "virInterfaceIsActive")? == 1,
        })
    }
}
