//! Domains: threads of the hypervisor itself: the emulator's and those for I/O, and single virtual CPUs.

use std::ptr;

use libc::c_int;
use virt_sys as sys;

use super::domain::Affect;
use super::domain_tuning::{cpu_map, cpus_of};
use crate::error::Result;
use crate::ffi::arg;
use crate::parameters::{List, Param};
use crate::session::Session;
use crate::uuid::Uuid;

/// A thread that does the I/O of some disks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoThread {
    /// Its number, from 1.
    pub id: u32,
    /// The host's CPUs that it may run on.
    pub cpus: Vec<u32>,
}

impl Session {
    /// Lets the emulator's threads run on these host CPUs only (`virDomainPinEmulator`).
    pub fn pin_emulator(&mut self, uuid: Uuid, cpus: &[u32], affect: Affect) -> Result<()> {
        let mut map = cpu_map(cpus)?;
        let length = c_int::try_from(map.len()).unwrap_or(c_int::MAX);
        // SAFETY: a live domain and a map of that many bytes.
        self.domain_call(uuid, "virDomainPinEmulator", |domain| unsafe {
            sys::virDomainPinEmulator(domain, map.as_mut_ptr(), length, affect.word())
        })
        .map(drop)
    }

    /// The host CPUs of the emulator's threads (`virDomainGetEmulatorPinInfo`).
    pub fn emulator_pin(&mut self, uuid: Uuid, affect: Affect) -> Result<Vec<u32>> {
        let host = self.host_cpus()?;
        let mut map = vec![0u8; (host as usize).div_ceil(8)];
        let length = c_int::try_from(map.len()).unwrap_or(c_int::MAX);
        // SAFETY: a live domain and a map of that many bytes.
        self.domain_call(uuid, "virDomainGetEmulatorPinInfo", |domain| unsafe {
            sys::virDomainGetEmulatorPinInfo(domain, map.as_mut_ptr(), length, affect.word())
        })?;
        Ok(cpus_of(&map, host))
    }

    /// Its I/O threads (`virDomainGetIOThreadInfo`).
    pub fn io_threads(&mut self, uuid: Uuid, affect: Affect) -> Result<Vec<IoThread>> {
        let host = self.host_cpus()?;
        let mut array = ptr::null_mut();
        // SAFETY: a live domain and a place for the array.
        let count = self.domain_call(uuid, "virDomainGetIOThreadInfo", |domain| unsafe {
            sys::virDomainGetIOThreadInfo(domain, &raw mut array, affect.word())
        })?;
        let threads = (0..usize::try_from(count).unwrap_or(0)).map(|i| {
            // SAFETY: one of `count` elements with a map of `cpumaplen` bytes, freed after it was read.
            unsafe {
                let raw: sys::virDomainIOThreadInfoPtr = *array.add(i);
                let length = usize::try_from((*raw).cpumaplen).unwrap_or(0);
                let map: &[u8] = if length == 0 { &[] } else { std::slice::from_raw_parts((*raw).cpumap, length) };
                let thread = IoThread { id: (*raw).iothread_id, cpus: cpus_of(map, host) };
                sys::virDomainIOThreadInfoFree(raw);
                thread
            }
        });
        let threads = threads.collect();
        // SAFETY: the array itself is malloc'ed for the caller.
        unsafe { libc::free(array.cast()) };
        Ok(threads)
    }

    /// Adds an I/O thread (`virDomainAddIOThread`).
    pub fn add_io_thread(&mut self, uuid: Uuid, id: u32, affect: Affect) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainAddIOThread", |domain| unsafe {
            sys::virDomainAddIOThread(domain, id, affect.word())
        })
        .map(drop)
    }

    /// Removes an I/O thread that no disk uses (`virDomainDelIOThread`).
    pub fn remove_io_thread(&mut self, uuid: Uuid, id: u32, affect: Affect) -> Result<()> {
        // SAFETY: a live domain.
        self.domain_call(uuid, "virDomainDelIOThread", |domain| unsafe {
            sys::virDomainDelIOThread(domain, id, affect.word())
        })
        .map(drop)
    }

    /// Lets an I/O thread run on these host CPUs only (`virDomainPinIOThread`).
    pub fn pin_io_thread(&mut self, uuid: Uuid, id: u32, cpus: &[u32], affect: Affect) -> Result<()> {
        let mut map = cpu_map(cpus)?;
        let length = c_int::try_from(map.len()).unwrap_or(c_int::MAX);
        // SAFETY: a live domain and a map of that many bytes.
        self.domain_call(uuid, "virDomainPinIOThread", |domain| unsafe {
            sys::virDomainPinIOThread(domain, id, map.as_mut_ptr(), length, affect.word())
        })
        .map(drop)
    }

    /// How an I/O thread polls (`virDomainSetIOThreadParams`).
    pub fn tune_io_thread(&mut self, uuid: Uuid, id: u32, params: &[Param], affect: Affect) -> Result<()> {
        let list = List::of(params)?;
        // SAFETY: a live domain and a list that lives.
        self.domain_call(uuid, "virDomainSetIOThreadParams", |domain| unsafe {
            sys::virDomainSetIOThreadParams(domain, id, list.as_ptr(), list.len(), affect.word())
        })
        .map(drop)
    }

    /// Plugs virtual CPUs in or out by number, as in `0-3,^2` (`virDomainSetVcpu`).
    pub fn set_vcpu_state(&mut self, uuid: Uuid, vcpus: &str, online: bool, affect: Affect) -> Result<()> {
        let vcpus = arg(vcpus)?;
        // SAFETY: a live domain and a NUL-terminated text.
        self.domain_call(uuid, "virDomainSetVcpu", |domain| unsafe {
            sys::virDomainSetVcpu(domain, vcpus.as_ptr(), i32::from(online), affect.word())
        })
        .map(drop)
    }
}
