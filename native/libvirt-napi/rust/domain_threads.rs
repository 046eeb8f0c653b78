//! Domains: threads of the hypervisor itself, for emulation and for I/O, and single virtual CPUs.

use libvirt_core::ops::domain_threads as core;
use libvirt_core::{Session, Uuid};

use crate::connection::NativeConnection;
use crate::declare::{all, calls, record};
use crate::domain::Affect;
use crate::number::{Uint32, integers};
use crate::parameters::{TypedParameter, from_javascript};

record! {
    /// A thread that does the I/O of some disks.
    IoThread from core::IoThread {
        /// Its number, from 1.
        id: u32 = r.id,
        /// The host's CPUs that it may run on.
        cpus: Vec<u32> = r.cpus,
    } by r
}

calls!(domain {
    pin_emulator, "pinEmulator", (cpus: Vec<Uint32>, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.pin_emulator(uuid, &integers(&cpus), affect.into());
    emulator_pin, "emulatorPin", (affect: Affect) -> Vec<u32> =
        move |session: &mut Session, uuid: Uuid| session.emulator_pin(uuid, affect.into());
    io_threads, "ioThreads", (affect: Affect) -> Vec<IoThread> =
        move |session: &mut Session, uuid: Uuid| session.io_threads(uuid, affect.into()).map(all);
    add_io_thread, "addIoThread", (id: Uint32, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.add_io_thread(uuid, id.0, affect.into());
    remove_io_thread, "removeIoThread", (id: Uint32, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.remove_io_thread(uuid, id.0, affect.into());
    pin_io_thread, "pinIoThread", (id: Uint32, cpus: Vec<Uint32>, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.pin_io_thread(uuid, id.0, &integers(&cpus), affect.into());
    tune_io_thread, "tuneIoThread", (id: Uint32, parameters: Vec<TypedParameter>, affect: Affect) -> () = {
        let parameters = from_javascript(parameters)?;
        move |session: &mut Session, uuid: Uuid| session.tune_io_thread(uuid, id.0, &parameters, affect.into())
    };
    set_vcpu_state, "setVcpuState", (vcpus: String, online: bool, affect: Affect) -> () =
        move |session: &mut Session, uuid: Uuid| session.set_vcpu_state(uuid, &vcpus, online, affect.into());
});
