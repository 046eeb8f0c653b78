//! Interface counters from `/proc/net/dev`, addresses and flags from `getifaddrs`.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::ptr;

use infiniservice_protocol::{Network, NetworkInterface};

/// Interfaces told of; a guest with more has many containers.
const MAX_INTERFACES: usize = 32;

pub fn read(proc_dir: &Path) -> Network {
    let text = fs::read_to_string(proc_dir.join("net/dev")).unwrap_or_default();
    let mut known = addresses();
    let mut interfaces = parse(&text);
    interfaces.truncate(MAX_INTERFACES);
    for interface in &mut interfaces {
        if let Some(found) = known.remove(&interface.name) {
            interface.is_up = found.up;
            interface.ip_addresses = found.addresses;
        }
    }
    Network { interfaces }
}

fn parse(text: &str) -> Vec<NetworkInterface> {
    let interface = |line: &str| {
        let (name, counters) = line.split_once(':')?;
        let counters: Vec<u64> = counters.split_ascii_whitespace().map(|c| c.parse().unwrap_or(0)).collect();
        let number = |i: usize| counters.get(i).copied().unwrap_or(0);
        let name = name.trim().to_owned();
        (name != "lo").then(|| NetworkInterface {
            name,
            bytes_received: number(0),
            packets_received: number(1),
            errors_in: number(2),
            bytes_sent: number(8),
            packets_sent: number(9),
            errors_out: number(10),
            ip_addresses: Vec::new(),
            is_up: false,
        })
    };
    text.lines().filter_map(interface).collect()
}

#[derive(Default)]
struct Found {
    up: bool,
    addresses: Vec<String>,
}

fn addresses() -> HashMap<String, Found> {
    let mut found: HashMap<String, Found> = HashMap::new();
    let mut list = ptr::null_mut();
    // SAFETY: a place for the list.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return found;
    }
    let mut next = list;
    while !next.is_null() {
        // SAFETY: an element of the list, which lives until freeifaddrs.
        let entry = unsafe { &*next };
        // SAFETY: a NUL-terminated name within the list.
        let name = unsafe { CStr::from_ptr(entry.ifa_name) }.to_string_lossy().into_owned();
        let interface = found.entry(name).or_default();
        let running = (libc::IFF_UP | libc::IFF_RUNNING).cast_unsigned();
        interface.up |= entry.ifa_flags & running == running;
        // SAFETY: null or an address of the list.
        if let Some(address) = unsafe { text_of(entry.ifa_addr) } {
            interface.addresses.push(address);
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list from getifaddrs, freed once.
    unsafe { libc::freeifaddrs(list) };
    found
}

/// # Safety
/// `address` is null or a socket address of the family that it names.
unsafe fn text_of(address: *const libc::sockaddr) -> Option<String> {
    if address.is_null() {
        return None;
    }
    // SAFETY: the family says which structure it is; unaligned reads are allowed for.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let v4 = ptr::read_unaligned(address.cast::<libc::sockaddr_in>());
                Some(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)).to_string())
            }
            libc::AF_INET6 => {
                let v6 = ptr::read_unaligned(address.cast::<libc::sockaddr_in6>());
                Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).to_string())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_in_their_places_and_the_loopback_is_left_out() {
        let text = "Inter-| Receive | Transmit\n face |bytes packets errs\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n\
                    eth0:100 2 3 0 0 0 0 0 200 4 5 0 0 0 0 0\n";
        let interfaces = parse(text);
        assert_eq!(interfaces.len(), 1);
        let eth0 = &interfaces[0];
        assert_eq!((eth0.bytes_received, eth0.packets_received, eth0.errors_in), (100, 2, 3));
        assert_eq!((eth0.bytes_sent, eth0.packets_sent, eth0.errors_out), (200, 4, 5));
    }

    #[test]
    fn the_loopback_of_this_machine_has_its_address() {
        assert!(addresses().get("lo").is_some_and(|lo| lo.addresses.iter().any(|a| a == "127.0.0.1")));
    }
}
