//! Domains: devices, and the addresses of their interfaces.

use std::ptr;

use libc::c_void;
use virt_sys as sys;

use super::domain::Affect;
use crate::error::Result;
use crate::ffi::{arg, borrowed, check};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::word;

/// What is done with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChange {
    /// `virDomainAttachDeviceFlags`
    Attach,
    /// `virDomainDetachDeviceFlags`: for a running guest a request, done when the guest lets go.
    Detach,
    /// `virDomainUpdateDeviceFlags`
    Update,
}

/// Who is asked for a guest's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSource {
    /// The DHCP leases of the host's networks.
    Lease,
    /// The guest agent.
    Agent,
    /// The host's ARP table.
    Arp,
}

/// An interface as its source sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceAddresses {
    /// Name on the host (lease, ARP) or in the guest (agent).
    pub name: String,
    /// MAC address, where the source tells.
    pub mac: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddress>,
}

/// An address with its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpAddress {
    /// `ipv4` or `ipv6`
    pub family: &'static str,
    /// In text.
    pub address: String,
    /// Prefix length in bits.
    pub prefix: u32,
}

impl Session {
    /// Attaches, detaches or updates the device that the XML describes.
    pub fn change_device(&mut self, uuid: Uuid, change: DeviceChange, xml: &str, affect: Affect) -> Result<()> {
        let text = arg(xml)?;
        let flags = affect.word();
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and NUL-terminated XML.
            let (answer, call) = unsafe {
                match change {
                    DeviceChange::Attach => {
                        (sys::virDomainAttachDeviceFlags(domain, text.as_ptr(), flags), "virDomainAttachDeviceFlags")
                    }
                    DeviceChange::Detach => {
                        (sys::virDomainDetachDeviceFlags(domain, text.as_ptr(), flags), "virDomainDetachDeviceFlags")
                    }
                    DeviceChange::Update => {
                        (sys::virDomainUpdateDeviceFlags(domain, text.as_ptr(), flags), "virDomainUpdateDeviceFlags")
                    }
                }
            };
            check(answer, call).map(drop)
        })
    }

    /// The addresses of a running domain's interfaces (`virDomainInterfaceAddresses`).
    pub fn interface_addresses(&mut self, uuid: Uuid, source: AddressSource) -> Result<Vec<InterfaceAddresses>> {
        let source = match source {
            AddressSource::Lease => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
            AddressSource::Agent => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
            AddressSource::Arp => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
        };
        self.with_domain(uuid, |domain| {
            let mut array: *mut sys::virDomainInterfacePtr = ptr::null_mut();
            // SAFETY: a live domain and a place for the array.
            let answer = unsafe { sys::virDomainInterfaceAddresses(domain, &raw mut array, source, 0) };
            let count = usize::try_from(check(answer, "virDomainInterfaceAddresses")?).unwrap_or(0);
            let mut interfaces = Vec::with_capacity(count);
            for i in 0..count {
                // SAFETY: `count` elements, each ours to free after it was read.
                unsafe {
                    let interface = *array.add(i);
                    interfaces.push(read_interface(&*interface));
                    sys::virDomainInterfaceFree(interface);
                }
            }
            // SAFETY: the array itself is malloc'ed for the caller.
            unsafe { libc::free(array.cast::<c_void>()) };
            Ok(interfaces)
        })
    }
}

/// # Safety
/// `raw` is an element that libvirt filled and that is not freed yet.
unsafe fn read_interface(raw: &sys::virDomainInterface) -> InterfaceAddresses {
    let addresses = (0..raw.naddrs as usize)
        // SAFETY: libvirt filled `naddrs` addresses.
        .map(|i| unsafe { &*raw.addrs.add(i) })
        .map(|address| IpAddress {
            family: word(&["ipv4", "ipv6"], address.type_),
            // SAFETY: null or a string of the element.
            address: unsafe { borrowed(address.addr) }.unwrap_or_default(),
            prefix: address.prefix,
        })
        .collect();
    // SAFETY: null or strings of the element.
    let (name, mac) = unsafe { (borrowed(raw.name).unwrap_or_default(), borrowed(raw.hwaddr)) };
    InterfaceAddresses { name, mac, addresses }
}
