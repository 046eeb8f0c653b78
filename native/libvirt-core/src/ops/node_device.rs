//! Devices of the host: PCI, USB, SCSI, network, mediated.

use libc::c_int;
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, optional_arg, pointer, still_there, taken};
use crate::session::Session;

/// A device of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDeviceRecord {
    /// Its name, e.g. `pci_0000_00_1f_2`.
    pub name: String,
    /// The device that it hangs on; none for the root.
    pub parent: Option<String>,
    /// What it is, e.g. `pci`, `net`, `mdev_types`.
    pub capabilities: Vec<String>,
}

/// What can be done with a device that needs nothing but its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceAction {
    /// Give it back to its driver (`virNodeDeviceReAttach`).
    Reattach,
    /// Reset it; nobody may use it (`virNodeDeviceReset`).
    Reset,
    /// End a device that can be made, e.g. a mediated one (`virNodeDeviceDestroy`).
    Destroy,
    /// Start a defined one (`virNodeDeviceCreate`).
    Start,
    /// Remove its definition (`virNodeDeviceUndefine`).
    Undefine,
}

/// The filters of a list, by capability (`virConnectListAllNodeDeviceFlags`).
const CAPABILITIES: &[(&str, u32)] = &[
    ("system", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM),
    ("pci", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV),
    ("usb_device", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV),
    ("usb", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_INTERFACE),
    ("net", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET),
    ("scsi_host", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_HOST),
    ("scsi_target", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_TARGET),
    ("scsi", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI),
    ("storage", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE),
    ("fc_host", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_FC_HOST),
    ("vports", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPORTS),
    ("scsi_generic", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_GENERIC),
    ("drm", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_DRM),
    ("mdev_types", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV_TYPES),
    ("mdev", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV),
    ("ccw", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCW_DEV),
    ("css", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CSS_DEV),
    ("vdpa", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VDPA),
    ("ap_card", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD),
    ("ap_queue", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE),
    ("ap_matrix", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX),
    ("vpd", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD),
    ("ccwgroup_dev", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCWGROUP_DEV),
    ("ccwgroup_member", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCWGROUP_MEMBER),
];

impl Session {
    fn with_device<R>(&mut self, name: &str, act: impl FnOnce(*mut sys::virNodeDevice) -> Result<R>) -> Result<R> {
        let text = arg(name)?;
        // SAFETY: a live connection and a NUL-terminated name.
        let raw = unsafe { sys::virNodeDeviceLookupByName(self.conn(), text.as_ptr()) };
        Handle::own(raw, "virNodeDeviceLookupByName")
            .and_then(|device| act(device.as_ptr()))
            .map_err(|error| error.about(name))
    }

    /// Devices with any of these capabilities, all when none is named; those that are only defined with `inactive`
    /// (`virConnectListAllNodeDevices`).
    pub fn list_devices(&mut self, capabilities: &[String], inactive: bool) -> Result<Vec<NodeDeviceRecord>> {
        let known = |name: &str| CAPABILITIES.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit);
        let mut flags = bits(&[(inactive, sys::VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE)]);
        for name in capabilities {
            flags |= known(name).ok_or_else(|| {
                let message = format!("{name} is no capability of devices");
                Error::own(Code::InvalidArg, "virConnectListAllNodeDevices", message)
            })?;
        }
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let devices = list("virConnectListAllNodeDevices", |array| unsafe {
            sys::virConnectListAllNodeDevices(conn, array, flags)
        })?;
        still_there(&devices, Code::NoNodeDevice, |device| record(device.as_ptr()))
    }

    /// Finds a device; `NO_NODE_DEVICE` when there is none.
    pub fn find_device(&mut self, name: &str) -> Result<NodeDeviceRecord> {
        self.with_device(name, record)
    }

    /// Finds a SCSI host by its world wide names (`virNodeDeviceLookupSCSIHostByWWN`).
    pub fn find_scsi_host(&mut self, node: &str, port: &str) -> Result<NodeDeviceRecord> {
        let (node, port) = (arg(node)?, arg(port)?);
        // SAFETY: a live connection and NUL-terminated names.
        let raw = unsafe { sys::virNodeDeviceLookupSCSIHostByWWN(self.conn(), node.as_ptr(), port.as_ptr(), 0) };
        record(Handle::own(raw, "virNodeDeviceLookupSCSIHostByWWN")?.as_ptr())
    }

    /// The device as XML (`virNodeDeviceGetXMLDesc`).
    pub fn device_xml(&mut self, name: &str) -> Result<String> {
        // SAFETY: a live device; the answer is ours to free.
        self.with_device(name, |device| unsafe {
            taken(sys::virNodeDeviceGetXMLDesc(device, 0), "virNodeDeviceGetXMLDesc")
        })
    }

    /// Takes it from its driver, for a guest (`virNodeDeviceDetachFlags`); `driver` is e.g. `vfio`.
    pub fn detach_device(&mut self, name: &str, driver: Option<&str>) -> Result<()> {
        let driver = optional_arg(driver)?;
        self.with_device(name, |device| {
            // SAFETY: a live device, a text null or NUL-terminated.
            let answer = unsafe { sys::virNodeDeviceDetachFlags(device, pointer(driver.as_ref()), 0) };
            check(answer, "virNodeDeviceDetachFlags").map(drop)
        })
    }

    /// Does what needs nothing but the device's name.
    pub fn act_on_device(&mut self, name: &str, action: DeviceAction) -> Result<()> {
        self.with_device(name, |device| {
            // SAFETY: a live device.
            let (answer, call) = unsafe {
                match action {
                    DeviceAction::Reattach => (sys::virNodeDeviceReAttach(device), "virNodeDeviceReAttach"),
                    DeviceAction::Reset => (sys::virNodeDeviceReset(device), "virNodeDeviceReset"),
                    DeviceAction::Destroy => (sys::virNodeDeviceDestroy(device), "virNodeDeviceDestroy"),
                    DeviceAction::Start => (sys::virNodeDeviceCreate(device, 0), "virNodeDeviceCreate"),
                    DeviceAction::Undefine => (sys::virNodeDeviceUndefine(device, 0), "virNodeDeviceUndefine"),
                }
            };
            check(answer, call).map(drop)
        })
    }

    /// Makes a device: a mediated one or a virtual SCSI host. It lives until it is destroyed (`virNodeDeviceCreateXML`),
    /// or is only defined (`virNodeDeviceDefineXML`).
    pub fn create_device(&mut self, xml: &str, define: bool) -> Result<NodeDeviceRecord> {
        let text = arg(xml)?;
        // SAFETY: a live connection and NUL-terminated XML.
        let (raw, call) = unsafe {
            if define {
                (sys::virNodeDeviceDefineXML(self.conn(), text.as_ptr(), 0), "virNodeDeviceDefineXML")
            } else {
                (sys::virNodeDeviceCreateXML(self.conn(), text.as_ptr(), 0), "virNodeDeviceCreateXML")
            }
        };
        record(Handle::own(raw, call)?.as_ptr())
    }

    /// Whether it is there, and whether its definition stays (`virNodeDeviceIsActive`, `virNodeDeviceIsPersistent`).
    pub fn device_state(&mut self, name: &str) -> Result<(bool, bool)> {
        // SAFETY: a live device.
        self.with_device(name, |device| unsafe {
            let active = check(sys::virNodeDeviceIsActive(device), "virNodeDeviceIsActive")? == 1;
            Ok((active, check(sys::virNodeDeviceIsPersistent(device), "virNodeDeviceIsPersistent")? == 1))
        })
    }

    /// Whether it starts with the host (`virNodeDeviceGetAutostart`).
    pub fn device_autostart(&mut self, name: &str) -> Result<bool> {
        self.with_device(name, |device| {
            let mut autostart = 0;
            // SAFETY: a live device and a place for the answer.
            let answer = unsafe { sys::virNodeDeviceGetAutostart(device, &raw mut autostart) };
            check(answer, "virNodeDeviceGetAutostart").map(|_| autostart == 1)
        })
    }

    /// Sets it (`virNodeDeviceSetAutostart`).
    pub fn set_device_autostart(&mut self, name: &str, autostart: bool) -> Result<()> {
        self.with_device(name, |device| {
            // SAFETY: a live device.
            let answer = unsafe { sys::virNodeDeviceSetAutostart(device, c_int::from(autostart)) };
            check(answer, "virNodeDeviceSetAutostart").map(drop)
        })
    }
}

fn record(device: *mut sys::virNodeDevice) -> Result<NodeDeviceRecord> {
    // SAFETY: a live device, which keeps name and parent; the capabilities are ours to free.
    unsafe {
        let name = borrowed(sys::virNodeDeviceGetName(device)).ok_or_else(|| Error::last("virNodeDeviceGetName"))?;
        let parent = borrowed(sys::virNodeDeviceGetParent(device));
        let count = check(sys::virNodeDeviceNumOfCaps(device), "virNodeDeviceNumOfCaps")?;
        let mut names = vec![std::ptr::null_mut(); usize::try_from(count).unwrap_or(0)];
        let filled = check(sys::virNodeDeviceListCaps(device, names.as_mut_ptr(), count), "virNodeDeviceListCaps")?;
        let names = names.into_iter().take(usize::try_from(filled).unwrap_or(0));
        let capabilities = names.filter_map(|raw| taken(raw, "virNodeDeviceListCaps").ok()).collect();
        Ok(NodeDeviceRecord { name, parent, capabilities })
    }
}
