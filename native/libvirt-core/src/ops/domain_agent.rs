//! Domains: what the QEMU guest agent does: clock, accounts, file systems, CPUs. `AGENT_UNRESPONSIVE` without one.

use std::ptr;

use libc::c_char;
use virt_sys as sys;

use crate::error::Result;
use crate::ffi::{arg, bits, borrowed, flag_word, optional_arg, pointer, taken, taken_all};
use crate::parameters::{self, Param};
use crate::session::Session;
use crate::uuid::Uuid;

flag_word! {
    /// What becomes of a user's keys; they are replaced when nothing is set.
    SshKeysChange {
        /// Added to those that are there.
        append = VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_APPEND,
        /// Taken away from those that are there.
        remove = VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE,
    }
}

/// A mounted file system of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Where it is mounted.
    pub mount_point: String,
    /// The guest's name of its device, e.g. `vda1`.
    pub device: String,
    /// e.g. `ext4`
    pub kind: String,
    /// Targets of the disks that it lies on, e.g. `vda`.
    pub disks: Vec<String>,
}

impl Session {
    /// The guest's clock: seconds since the epoch and nanoseconds (`virDomainGetTime`).
    pub fn guest_time(&mut self, uuid: Uuid) -> Result<(i64, u32)> {
        let (mut seconds, mut nanoseconds) = (0, 0);
        // SAFETY: a live domain and places for the answer.
        self.domain_call(uuid, "virDomainGetTime", |domain| unsafe {
            sys::virDomainGetTime(domain, &raw mut seconds, &raw mut nanoseconds, 0)
        })?;
        Ok((seconds, nanoseconds))
    }

    /// Sets the guest's clock, or lets it read its hardware's with `sync` (`virDomainSetTime`).
    pub fn set_guest_time(&mut self, uuid: Uuid, seconds: i64, nanoseconds: u32, sync: bool) -> Result<()> {
        let flags = bits(&[(sync, sys::VIR_DOMAIN_TIME_SYNC)]);
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainSetTime", |domain| unsafe {
            sys::virDomainSetTime(domain, seconds, nanoseconds, flags)
        })
        .map(drop)
    }

    /// Sets a user's password; `encrypted` when it is a hash already (`virDomainSetUserPassword`).
    pub fn set_user_password(&mut self, uuid: Uuid, user: &str, password: &str, encrypted: bool) -> Result<()> {
        let (user, password) = (arg(user)?, arg(password)?);
        let flags = bits(&[(encrypted, sys::VIR_DOMAIN_PASSWORD_ENCRYPTED)]);
        // SAFETY: a live domain and NUL-terminated texts.
        self.domain_call(uuid, "virDomainSetUserPassword", |domain| unsafe {
            sys::virDomainSetUserPassword(domain, user.as_ptr(), password.as_ptr(), flags)
        })
        .map(drop)
    }

    /// The public keys that may log in as a user (`virDomainAuthorizedSSHKeysGet`).
    pub fn ssh_keys(&mut self, uuid: Uuid, user: &str) -> Result<Vec<String>> {
        let user = arg(user)?;
        let mut keys = ptr::null_mut();
        // SAFETY: a live domain, a NUL-terminated text and a place for the answer.
        let count = self.domain_call(uuid, "virDomainAuthorizedSSHKeysGet", |domain| unsafe {
            sys::virDomainAuthorizedSSHKeysGet(domain, user.as_ptr(), &raw mut keys, 0)
        })?;
        // SAFETY: `count` texts that are ours.
        Ok(unsafe { taken_all(keys, count) })
    }

    /// Changes them (`virDomainAuthorizedSSHKeysSet`).
    pub fn set_ssh_keys(&mut self, uuid: Uuid, user: &str, keys: &[String], change: SshKeysChange) -> Result<()> {
        let user = arg(user)?;
        let keys: Vec<_> = keys.iter().map(|key| arg(key)).collect::<Result<_>>()?;
        let mut pointers: Vec<*const c_char> = keys.iter().map(|key| key.as_ptr()).collect();
        let count = u32::try_from(pointers.len()).unwrap_or(u32::MAX);
        // SAFETY: a live domain and `count` NUL-terminated texts.
        self.domain_call(uuid, "virDomainAuthorizedSSHKeysSet", |domain| unsafe {
            sys::virDomainAuthorizedSSHKeysSet(domain, user.as_ptr(), pointers.as_mut_ptr(), count, change.word())
        })
        .map(drop)
    }

    /// Mounted file systems (`virDomainGetFSInfo`).
    pub fn file_systems(&mut self, uuid: Uuid) -> Result<Vec<FileSystem>> {
        let mut array = ptr::null_mut();
        // SAFETY: a live domain and a place for the array.
        let count = self.domain_call(uuid, "virDomainGetFSInfo", |domain| unsafe {
            sys::virDomainGetFSInfo(domain, &raw mut array, 0)
        })?;
        let systems = (0..usize::try_from(count).unwrap_or(0)).map(|i| {
            // SAFETY: one of `count` elements, freed after it was read.
            unsafe {
                let raw: sys::virDomainFSInfoPtr = *array.add(i);
                let system = read_file_system(&*raw);
                sys::virDomainFSInfoFree(raw);
                system
            }
        });
        let systems = systems.collect();
        // SAFETY: the array itself is malloc'ed for the caller.
        unsafe { libc::free(array.cast()) };
        Ok(systems)
    }

    /// Gives unused blocks back to the disk, of one mount point or of all (`virDomainFSTrim`).
    pub fn trim_file_systems(&mut self, uuid: Uuid, mount_point: Option<&str>, minimum_bytes: u64) -> Result<()> {
        let mount_point = optional_arg(mount_point)?;
        // SAFETY: a live domain, a text null or NUL-terminated.
        self.domain_call(uuid, "virDomainFSTrim", |domain| unsafe {
            sys::virDomainFSTrim(domain, pointer(mount_point.as_ref()), minimum_bytes, 0)
        })
        .map(drop)
    }

    /// The guest's CPUs as its system sees them (`virDomainGetGuestVcpus`).
    pub fn guest_vcpus(&mut self, uuid: Uuid) -> Result<Vec<Param>> {
        self.with_domain(uuid, |domain| {
            // SAFETY: a live domain and places for the answer.
            parameters::allocated("virDomainGetGuestVcpus", |array, count| unsafe {
                sys::virDomainGetGuestVcpus(domain, array, count.cast(), 0)
            })
        })
    }

    /// Lets its system use CPUs, or not (`virDomainSetGuestVcpus`); `cpus` as in `0-3,^2`.
    pub fn set_guest_vcpus(&mut self, uuid: Uuid, cpus: &str, online: bool) -> Result<()> {
        let cpus = arg(cpus)?;
        // SAFETY: a live domain and a NUL-terminated text.
        self.domain_call(uuid, "virDomainSetGuestVcpus", |domain| unsafe {
            sys::virDomainSetGuestVcpus(domain, cpus.as_ptr(), i32::from(online), 0)
        })
        .map(drop)
    }

    /// The guest's host name; from the agent or the DHCP lease as the flags say (`virDomainGetHostname`).
    pub fn guest_hostname(&mut self, uuid: Uuid, lease: bool, agent: bool) -> Result<String> {
        let flags = bits(&[(lease, sys::VIR_DOMAIN_GET_HOSTNAME_LEASE), (agent, sys::VIR_DOMAIN_GET_HOSTNAME_AGENT)]);
        // SAFETY: a live domain; the answer is ours to free.
        self.with_domain(uuid, |domain| unsafe {
            taken(sys::virDomainGetHostname(domain, flags), "virDomainGetHostname")
        })
    }

    /// How long libvirt waits for the agent: seconds, -2 for ever, -1 its default, 0 not at all
    /// (`virDomainAgentSetResponseTimeout`).
    pub fn set_agent_timeout(&mut self, uuid: Uuid, seconds: i32) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainAgentSetResponseTimeout", |domain| unsafe {
            sys::virDomainAgentSetResponseTimeout(domain, seconds, 0)
        })
        .map(drop)
    }
}

/// # Safety
/// `raw` is an element that libvirt filled and that is not freed yet.
unsafe fn read_file_system(raw: &sys::virDomainFSInfo) -> FileSystem {
    // SAFETY: null or strings of the element, `ndevAlias` of them in the array.
    unsafe {
        FileSystem {
            mount_point: borrowed(raw.mountpoint).unwrap_or_default(),
            device: borrowed(raw.name).unwrap_or_default(),
            kind: borrowed(raw.fstype).unwrap_or_default(),
            disks: (0..raw.ndevAlias).filter_map(|i| borrowed(*raw.devAlias.add(i))).collect(),
        }
    }
}
