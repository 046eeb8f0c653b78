//! Network filters and their bindings.

use libvirt_core::Session;
use libvirt_core::ops::nwfilter as core;
use napi_derive::napi;

use crate::connection::NativeConnection;
use crate::declare::{all, calls};
use crate::domain::ObjectName;

/// A filter that stands on an interface of the host.
#[napi(object, object_from_js = false)]
pub struct NwFilterBinding {
    /// The interface, e.g. `vnet0`.
    pub port_dev: String,
    pub filter_name: String,
}

impl From<core::NwFilterBinding> for NwFilterBinding {
    fn from(b: core::NwFilterBinding) -> Self {
        Self { port_dev: b.port_dev, filter_name: b.filter_name }
    }
}

calls!(host {
    list_nw_filters, "listNwFilters", () -> Vec<ObjectName> =
        |session| session.list_filters().map(all);
    find_nw_filter_by_name, "lookupNwFilter", (name: String) -> ObjectName =
        move |session| session.find_filter_by_name(&name);
    define_nw_filter, "defineNwFilter", (xml: String, validate: bool) -> ObjectName =
        move |session| session.define_filter(&xml, validate);
    list_nw_filter_bindings, "listNwFilterBindings", () -> Vec<NwFilterBinding> =
        |session| session.list_filter_bindings().map(all);
    find_filter_binding, "lookupNwFilterBinding", (port_dev: String) -> NwFilterBinding =
        move |session| session.find_filter_binding(&port_dev);
    create_filter_binding, "createNwFilterBinding", (xml: String, validate: bool) -> NwFilterBinding =
        move |session| session.create_filter_binding(&xml, validate);
    delete_filter_binding, "deleteNwFilterBinding", (port_dev: String) -> () =
        move |session| session.delete_filter_binding(&port_dev);
    filter_binding_xml, "nwFilterBindingXml", (port_dev: String) -> String =
        move |session| session.filter_binding_xml(&port_dev);
});

calls!(object {
    undefine_nw_filter, "undefineNwFilter", () -> () = Session::undefine_filter;
    nw_filter_xml, "nwFilterXml", () -> String = Session::filter_xml;
});
