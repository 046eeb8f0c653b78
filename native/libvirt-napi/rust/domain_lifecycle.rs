//! Domains: their power, size and devices, and the end of their definition.

use libvirt_core::Session;
use libvirt_core::ops::domain_devices::DeviceChange;
use libvirt_core::ops::domain_lifecycle as life;

use crate::bridge::refused;
use crate::connection::NativeConnection;
use crate::declare::{calls, flags};
use crate::domain::Affect;
use crate::number::{Uint32, whole};

flags! {
    /// How a domain starts.
    StartFlags as life::StartFlags {
        /// With its CPUs stopped.
        paused,
        /// Stop it when this connection ends, or is lost.
        auto_destroy,
        /// Read a saved state past the page cache.
        bypass_cache,
        /// Throw a managed save away.
        force_boot,
        /// Check the definition against the schema.
        validate,
        /// Begin with a fresh NVRAM.
        reset_nvram,
    }
}

flags! {
    /// How the guest is asked to go down; the hypervisor chooses when nothing is set.
    ShutdownModes as life::ShutdownModes {
        /// The ACPI power button.
        acpi,
        /// The QEMU guest agent.
        agent,
        /// A signal to init (containers).
        signal,
        /// /dev/initctl (containers).
        initctl,
        /// The hypervisor's own way (Xen).
        paravirt,
    }
}

flags! {
    /// What goes with the definition; libvirt refuses to undefine a domain that still has it.
    UndefineFlags as life::UndefineFlags {
        managed_save,
        snapshots_metadata,
        nvram,
        keep_nvram,
        checkpoints_metadata,
        /// The state of its TPM.
        tpm,
        keep_tpm,
    }
}

calls!(domain {
    start_domain, "startDomain", (flags: StartFlags) -> () =
        move |session, uuid| session.start_domain(uuid, flags.into());
    shut_down_domain, "shutDownDomain", (modes: ShutdownModes) -> () =
        move |session, uuid| session.shut_down_domain(uuid, modes.into());
    reboot_domain, "rebootDomain", (modes: ShutdownModes) -> () =
        move |session, uuid| session.reboot_domain(uuid, modes.into());
    reset_domain, "resetDomain", () -> () = Session::reset_domain;
    destroy_domain, "destroyDomain", (graceful: bool) -> () =
        move |session, uuid| session.destroy_domain(uuid, graceful);
    suspend_domain, "suspendDomain", () -> () = Session::suspend_domain;
    resume_domain, "resumeDomain", () -> () = Session::resume_domain;
    undefine_domain, "undefineDomain", (flags: UndefineFlags) -> () = {
        let flags = flags.into();
        move |session, uuid| session.undefine_domain(uuid, flags)
    };
    set_domain_autostart, "setDomainAutostart", (autostart: bool) -> () =
        move |session, uuid| session.set_domain_autostart(uuid, autostart);
    set_domain_memory, "setDomainMemory", (kib: f64, affect: Affect, maximum: bool) -> () = {
        let kib = whole(kib, "memory")?;
        move |session, uuid| session.set_domain_memory(uuid, kib, affect.into(), maximum)
    };
    set_domain_vcpus, "setDomainVcpus", (count: Uint32, affect: Affect, maximum: bool) -> () =
        move |session, uuid| session.set_domain_vcpus(uuid, count.0, affect.into(), maximum);
    change_device, "changeDevice", (
        #[napi(ts_arg_type = "'attach' | 'detach' | 'update'")] change: String,
        xml: String,
        affect: Affect
    ) -> () = {
        let change = match change.as_str() {
            "attach" => DeviceChange::Attach,
            "detach" => DeviceChange::Detach,
            "update" => DeviceChange::Update,
            _ => return Err(refused("a device is attached, detached or updated")),
        };
        move |session, uuid| session.change_device(uuid, change, &xml, affect.into())
    };
});
