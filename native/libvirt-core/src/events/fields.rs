//! What an event tells beside what it is about: named values, in libvirt's order.

use std::ptr;

use libc::c_char;
use virt_sys as sys;

use crate::ffi::borrowed;
use crate::parameters::{self, Param};

/// A value of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Text, when libvirt has one.
    Text(Option<String>),
    /// A word for one of libvirt's numbers.
    Word(&'static str),
    /// A number, in the unit that its name tells.
    Number(i64),
    /// A size or an address space offset, in the unit that its name tells.
    Size(u64),
    /// Yes or no.
    Flag(bool),
    /// libvirt's own names and values.
    Parameters(Vec<Param>),
    /// Named values of their own.
    Record(Fields),
    /// Any number of them.
    List(Vec<Fields>),
}

/// Named values.
pub type Fields = Vec<(&'static str, Field)>;

/// # Safety
/// `raw` is null or a NUL-terminated string that lives during the call.
pub(super) unsafe fn text(raw: *const c_char) -> Field {
    // SAFETY: passed on to the caller.
    Field::Text(unsafe { borrowed(raw) })
}

/// # Safety
/// `params` holds `count` filled parameters.
pub(super) unsafe fn parameters(params: *const sys::virTypedParameter, count: i32) -> Field {
    // SAFETY: passed on to the caller.
    Field::Parameters(unsafe { parameters::read(params, count) })
}

/// One end of a graphics connection.
///
/// # Safety
/// `raw` is null or an address that libvirt filled.
pub(super) unsafe fn address(raw: *const sys::virDomainEventGraphicsAddress) -> Field {
    // SAFETY: passed on to the caller.
    let Some(address) = (unsafe { raw.as_ref() }) else { return Field::Record(Vec::new()) };
    let family = crate::vocabulary::word(&["ipv4", "ipv6", "unix"], address.family);
    // SAFETY: as above.
    let (node, service) = unsafe { (text(address.node), text(address.service)) };
    Field::Record(vec![("family", Field::Word(family)), ("node", node), ("service", service)])
}

/// Who authenticated.
///
/// # Safety
/// `raw` is null or a subject that libvirt filled.
pub(super) unsafe fn identities(raw: *const sys::virDomainEventGraphicsSubject) -> Field {
    // SAFETY: passed on to the caller.
    let Some(subject) = (unsafe { raw.as_ref() }) else { return Field::List(Vec::new()) };
    let count = usize::try_from(subject.nidentity).unwrap_or(0);
    let identity = |i: usize| {
        // SAFETY: libvirt filled that many.
        unsafe {
            let identity = ptr::read(subject.identities.add(i));
            vec![("type", text(identity.type_)), ("name", text(identity.name))]
        }
    };
    Field::List((0..count).map(identity).collect())
}
