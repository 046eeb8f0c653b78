//! Network filters and their bindings to interfaces. The test driver has none: `NO_SUPPORT`.

use virt_sys as sys;

use super::domain::ObjectName;
use crate::error::Result;
use crate::ffi::{Handle, arg, borrowed, check, list, taken, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;

/// A filter that is instantiated on an interface of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NwFilterBinding {
    /// The interface, e.g. `vnet0`.
    pub port_dev: String,
    /// The filter's name.
    pub filter_name: String,
}

impl Session {
    fn with_filter<R>(&mut self, uuid: Uuid, act: impl FnOnce(*mut sys::virNWFilter) -> Result<R>) -> Result<R> {
        let conn = self.conn();
        let look_up = || {
            // SAFETY: a live connection and 16 bytes.
            Handle::own(unsafe { sys::virNWFilterLookupByUUID(conn, uuid.0.as_ptr()) }, "virNWFilterLookupByUUID")
        };
        self.filters.with(uuid, look_up, act)
    }

    /// All filters (`virConnectListAllNWFilters`).
    pub fn list_filters(&mut self) -> Result<Vec<ObjectName>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let filters =
            list("virConnectListAllNWFilters", |array| unsafe { sys::virConnectListAllNWFilters(conn, array, 0) })?;
        filters.iter().map(reference).collect()
    }

    /// Finds a filter by name; `NO_NWFILTER` when there is none.
    pub fn find_filter_by_name(&mut self, name: &str) -> Result<ObjectName> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virNWFilterLookupByName(self.conn(), text.as_ptr()) };
        reference(&Handle::own(raw, "virNWFilterLookupByName").map_err(|e| e.about(name))?)
    }

    /// Defines a filter (`virNWFilterDefineXML`). Redefining needs the UUID of the one that is there, and
    /// reaches running guests at once.
    pub fn define_filter(&mut self, xml: &str) -> Result<ObjectName> {
        let text = arg(xml)?;
        // SAFETY: a live connection and NUL-terminated XML.
        reference(&Handle::own(
            unsafe { sys::virNWFilterDefineXML(self.conn(), text.as_ptr()) },
            "virNWFilterDefineXML",
        )?)
    }

    /// Removes a filter (`virNWFilterUndefine`); `OPERATION_INVALID` while something uses it.
    pub fn undefine_filter(&mut self, uuid: Uuid) -> Result<()> {
        self.with_filter(uuid, |filter| {
            // SAFETY: a live filter.
            check(unsafe { sys::virNWFilterUndefine(filter) }, "virNWFilterUndefine").map(drop)
        })
    }

    /// The filter as XML (`virNWFilterGetXMLDesc`).
    pub fn filter_xml(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live filter; the answer is ours to free.
        self.with_filter(uuid, |filter| unsafe {
            taken(sys::virNWFilterGetXMLDesc(filter, 0), "virNWFilterGetXMLDesc")
        })
    }

    /// Which filter stands on which interface (`virConnectListAllNWFilterBindings`).
    pub fn list_filter_bindings(&mut self) -> Result<Vec<NwFilterBinding>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let bindings = list("virConnectListAllNWFilterBindings", |array| unsafe {
            sys::virConnectListAllNWFilterBindings(conn, array, 0)
        })?;
        // SAFETY: live bindings, which keep both names.
        let read = |binding: &Handle<sys::virNWFilterBinding>| unsafe {
            NwFilterBinding {
                port_dev: borrowed(sys::virNWFilterBindingGetPortDev(binding.as_ptr())).unwrap_or_default(),
                filter_name: borrowed(sys::virNWFilterBindingGetFilterName(binding.as_ptr())).unwrap_or_default(),
            }
        };
        Ok(bindings.iter().map(read).collect())
    }
}

fn reference(filter: &Handle<sys::virNWFilter>) -> Result<ObjectName> {
    // SAFETY: a live filter and 16 bytes for the answer.
    let uuid = uuid_of("virNWFilterGetUUID", |raw| unsafe { sys::virNWFilterGetUUID(filter.as_ptr(), raw) })?;
    // SAFETY: a live filter, which keeps its name.
    let name = unsafe { borrowed(sys::virNWFilterGetName(filter.as_ptr())) }.unwrap_or_default();
    Ok(ObjectName { uuid, name })
}
