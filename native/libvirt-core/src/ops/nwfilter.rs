//! Network filters and their bindings to interfaces. The test driver has none: `NO_SUPPORT`.

use virt_sys as sys;

use super::domain::ObjectName;
use crate::error::Result;
use crate::ffi::{Handle, arg, bits, borrowed, check, list, taken, uuid_of};
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

    /// Defines a filter (`virNWFilterDefineXMLFlags`). Redefining needs the UUID of the one that is there, and
    /// reaches running guests at once.
    pub fn define_filter(&mut self, xml: &str, validate: bool) -> Result<ObjectName> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_NWFILTER_DEFINE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virNWFilterDefineXMLFlags(self.conn(), text.as_ptr(), flags) };
        reference(&Handle::own(raw, "virNWFilterDefineXMLFlags")?)
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
        Ok(bindings.iter().map(|binding| binding_record(binding.as_ptr())).collect())
    }

    fn with_binding<R>(
        &mut self,
        port_dev: &str,
        act: impl FnOnce(*mut sys::virNWFilterBinding) -> Result<R>,
    ) -> Result<R> {
        let text = arg(port_dev)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virNWFilterBindingLookupByPortDev(self.conn(), text.as_ptr()) };
        Handle::own(raw, "virNWFilterBindingLookupByPortDev")
            .and_then(|binding| act(binding.as_ptr()))
            .map_err(|error| error.about(port_dev))
    }

    /// The filter on an interface; `NO_NWFILTER_BINDING` when there is none.
    pub fn find_filter_binding(&mut self, port_dev: &str) -> Result<NwFilterBinding> {
        self.with_binding(port_dev, |binding| Ok(binding_record(binding)))
    }

    /// Puts a filter on an interface of the host (`virNWFilterBindingCreateXML`).
    pub fn create_filter_binding(&mut self, xml: &str, validate: bool) -> Result<NwFilterBinding> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_NWFILTER_BINDING_CREATE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virNWFilterBindingCreateXML(self.conn(), text.as_ptr(), flags) };
        Ok(binding_record(Handle::own(raw, "virNWFilterBindingCreateXML")?.as_ptr()))
    }

    /// Takes the filter off (`virNWFilterBindingDelete`).
    pub fn delete_filter_binding(&mut self, port_dev: &str) -> Result<()> {
        self.with_binding(port_dev, |binding| {
            // SAFETY: a live binding.
            check(unsafe { sys::virNWFilterBindingDelete(binding) }, "virNWFilterBindingDelete").map(drop)
        })
    }

    /// The binding as XML (`virNWFilterBindingGetXMLDesc`).
    pub fn filter_binding_xml(&mut self, port_dev: &str) -> Result<String> {
        // SAFETY: a live binding; the answer is ours to free.
        self.with_binding(port_dev, |binding| unsafe {
            taken(sys::virNWFilterBindingGetXMLDesc(binding, 0), "virNWFilterBindingGetXMLDesc")
        })
    }
}

fn binding_record(binding: *mut sys::virNWFilterBinding) -> NwFilterBinding {
    // SAFETY: a live binding, which keeps both names.
    unsafe {
        NwFilterBinding {
            port_dev: borrowed(sys::virNWFilterBindingGetPortDev(binding)).unwrap_or_default(),
            filter_name: borrowed(sys::virNWFilterBindingGetFilterName(binding)).unwrap_or_default(),
        }
    }
}

fn reference(filter: &Handle<sys::virNWFilter>) -> Result<ObjectName> {
    // SAFETY: a live filter and 16 bytes for the answer.
    let uuid = uuid_of("virNWFilterGetUUID", |raw| unsafe { sys::virNWFilterGetUUID(filter.as_ptr(), raw) })?;
    // SAFETY: a live filter, which keeps its name.
    let name = unsafe { borrowed(sys::virNWFilterGetName(filter.as_ptr())) }.unwrap_or_default();
    Ok(ObjectName { uuid, name })
}
