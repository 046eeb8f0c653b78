//! Domains: their power, and the end of their definition.

use virt_sys as sys;

use super::domain::Affect;
use crate::error::Result;
use crate::ffi::bits;
use crate::session::Session;
use crate::uuid::Uuid;

/// How a domain starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartFlags {
    /// With its CPUs stopped.
    pub paused: bool,
    /// Stop it when this connection ends.
    pub auto_destroy: bool,
    /// Read a saved state past the page cache.
    pub bypass_cache: bool,
    /// Throw a managed save away.
    pub force_boot: bool,
    /// Check the definition against the schema.
    pub validate: bool,
    /// Begin with a fresh NVRAM.
    pub reset_nvram: bool,
}

/// What goes with the definition; without the flag libvirt refuses to undefine a domain that has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct UndefineFlags {
    /// Its managed save.
    pub managed_save: bool,
    /// libvirt's records of its snapshots.
    pub snapshots_metadata: bool,
    /// Its NVRAM file.
    pub nvram: bool,
    /// Leave its NVRAM file.
    pub keep_nvram: bool,
    /// libvirt's records of its checkpoints.
    pub checkpoints_metadata: bool,
    /// The state of its TPM.
    pub tpm: bool,
    /// Leave the state of its TPM.
    pub keep_tpm: bool,
}

/// How the guest is asked to go down; the hypervisor chooses when nothing is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShutdownModes {
    /// The ACPI power button.
    pub acpi: bool,
    /// The QEMU guest agent.
    pub agent: bool,
    /// A signal to init (containers).
    pub signal: bool,
    /// /dev/initctl (containers).
    pub initctl: bool,
    /// The hypervisor's own way (Xen).
    pub paravirt: bool,
}

impl StartFlags {
    pub(crate) fn word(self) -> libc::c_uint {
        bits(&[
            (self.paused, sys::VIR_DOMAIN_START_PAUSED),
            (self.auto_destroy, sys::VIR_DOMAIN_START_AUTODESTROY),
            (self.bypass_cache, sys::VIR_DOMAIN_START_BYPASS_CACHE),
            (self.force_boot, sys::VIR_DOMAIN_START_FORCE_BOOT),
            (self.validate, sys::VIR_DOMAIN_START_VALIDATE),
            (self.reset_nvram, sys::VIR_DOMAIN_START_RESET_NVRAM),
        ])
    }
}

impl ShutdownModes {
    fn word(self) -> libc::c_uint {
        bits(&[
            (self.acpi, sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN),
            (self.agent, sys::VIR_DOMAIN_SHUTDOWN_GUEST_AGENT),
            (self.signal, sys::VIR_DOMAIN_SHUTDOWN_SIGNAL),
            (self.initctl, sys::VIR_DOMAIN_SHUTDOWN_INITCTL),
            (self.paravirt, sys::VIR_DOMAIN_SHUTDOWN_PARAVIRT),
        ])
    }
}

impl Session {
    /// Starts a defined domain (`virDomainCreateWithFlags`); `OPERATION_INVALID` when it runs.
    pub fn start_domain(&mut self, uuid: Uuid, flags: StartFlags) -> Result<()> {
        if flags.auto_destroy {
            self.hold_guest();
        }
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainCreateWithFlags", |domain| unsafe {
            sys::virDomainCreateWithFlags(domain, flags.word())
        })
        .map(drop)
    }

    /// Asks the guest to shut down and returns at once (`virDomainShutdownFlags`).
    pub fn shut_down_domain(&mut self, uuid: Uuid, modes: ShutdownModes) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainShutdownFlags", |domain| unsafe {
            sys::virDomainShutdownFlags(domain, modes.word())
        })
        .map(drop)
    }

    /// Asks the guest to reboot (`virDomainReboot`).
    pub fn reboot_domain(&mut self, uuid: Uuid, modes: ShutdownModes) -> Result<()> {
        // The reboot flags have the numbers of the shutdown flags.
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainReboot", |domain| unsafe { sys::virDomainReboot(domain, modes.word()) })
            .map(drop)
    }

    /// Presses the reset button (`virDomainReset`).
    pub fn reset_domain(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainReset", |domain| unsafe { sys::virDomainReset(domain, 0) }).map(drop)
    }

    /// Stops it at once (`virDomainDestroyFlags`). Graceful never sends SIGKILL: `RESOURCE_BUSY` when it doesn't go.
    pub fn destroy_domain(&mut self, uuid: Uuid, graceful: bool) -> Result<()> {
        let flags = bits(&[(graceful, sys::VIR_DOMAIN_DESTROY_GRACEFUL)]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainDestroyFlags", |domain| unsafe { sys::virDomainDestroyFlags(domain, flags) })
            .map(drop)
    }

    /// Stops its CPUs, keeps its memory (`virDomainSuspend`).
    pub fn suspend_domain(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSuspend", |domain| unsafe { sys::virDomainSuspend(domain) }).map(drop)
    }

    /// Lets its CPUs run again (`virDomainResume`).
    pub fn resume_domain(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainResume", |domain| unsafe { sys::virDomainResume(domain) }).map(drop)
    }

    /// Removes the definition (`virDomainUndefineFlags`); a running domain becomes transient.
    pub fn undefine_domain(&mut self, uuid: Uuid, flags: UndefineFlags) -> Result<()> {
        let flags = bits(&[
            (flags.managed_save, sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE),
            (flags.snapshots_metadata, sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA),
            (flags.nvram, sys::VIR_DOMAIN_UNDEFINE_NVRAM),
            (flags.keep_nvram, sys::VIR_DOMAIN_UNDEFINE_KEEP_NVRAM),
            (flags.checkpoints_metadata, sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA),
            (flags.tpm, sys::VIR_DOMAIN_UNDEFINE_TPM),
            (flags.keep_tpm, sys::VIR_DOMAIN_UNDEFINE_KEEP_TPM),
        ]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainUndefineFlags", |domain| unsafe { sys::virDomainUndefineFlags(domain, flags) })
            .map(drop)
    }

    /// Whether it starts with the daemon (`virDomainSetAutostart`).
    pub fn set_domain_autostart(&mut self, uuid: Uuid, autostart: bool) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSetAutostart", |domain| unsafe {
            sys::virDomainSetAutostart(domain, i32::from(autostart))
        })
        .map(drop)
    }

    /// Sets memory in KiB (`virDomainSetMemoryFlags`); `maximum` sets the limit, for the definition only.
    pub fn set_domain_memory(&mut self, uuid: Uuid, kib: u64, affect: Affect, maximum: bool) -> Result<()> {
        let flags = affect.word() | bits(&[(maximum, sys::VIR_DOMAIN_MEM_MAXIMUM)]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSetMemoryFlags", |domain| unsafe {
            sys::virDomainSetMemoryFlags(domain, kib, flags)
        })
        .map(drop)
    }

    /// Sets the number of virtual CPUs (`virDomainSetVcpusFlags`); `maximum` sets the limit, for the definition only.
    pub fn set_domain_vcpus(&mut self, uuid: Uuid, count: u32, affect: Affect, maximum: bool) -> Result<()> {
        let flags = affect.word() | bits(&[(maximum, sys::VIR_DOMAIN_VCPU_MAXIMUM)]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSetVcpusFlags", |domain| unsafe {
            sys::virDomainSetVcpusFlags(domain, count, flags)
        })
        .map(drop)
    }
}
