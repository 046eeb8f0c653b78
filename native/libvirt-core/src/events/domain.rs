//! Every event of domains but the lifecycle: what libvirt calls, and what it means.

use libc::{c_char, c_int, c_longlong, c_uint, c_ulonglong, c_void};
use virt_sys as sys;

use super::Event;
use super::fields::{Field, Fields, address, identities, parameters, text};
use crate::ffi::{borrowed, uuid_of};
use crate::vocabulary::{BLOCK_JOB_TYPES, word};

/// How C passes a callback of any signature.
pub(super) type Callback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);

const IO_ERROR_ACTIONS: &[&str] = &["none", "pause", "report"];
const JOB_STATUSES: &[&str] = &["completed", "failed", "canceled", "ready"];
const LIFECYCLE_STATES: &[&str] = &["unknown", "connected", "disconnected"];
const LIFECYCLE_REASONS: &[&str] = &["unknown", "domain-started", "channel"];

/// A callback for each event: its id, the kind that it is told as, libvirt's arguments and what they say.
macro_rules! domain_events {
    ($($id:ident $function:ident $kind:literal ($($argument:ident: $type:ty),*) [$($name:literal: $value:expr),*];)*) => {
        $(
            unsafe extern "C" fn $function(
                _conn: sys::virConnectPtr,
                domain: sys::virDomainPtr,
                $($argument: $type,)*
                opaque: *mut c_void,
            ) {
                // SAFETY: `domain` and what the arguments point to live during the callback.
                #[allow(unused_unsafe, reason = "some events have no arguments, or no pointers among them")]
                let fields = || unsafe { vec![$(($name, $value)),*] };
                // SAFETY: `opaque` is the boxed sink that was registered.
                unsafe { tell($kind, domain, opaque, fields) };
            }
        )*

        /// Ids and callbacks.
        #[allow(clippy::useless_transmute, reason = "an event without arguments has the generic type")]
        pub(super) fn callbacks() -> Vec<(c_uint, Callback)> {
            // SAFETY: libvirt calls each with the signature of its id; the generic type is how C passes it.
            unsafe {
                vec![$((
                    sys::$id,
                    std::mem::transmute::<
                        unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, $($type,)* *mut c_void),
                        Callback,
                    >($function),
                ),)*]
            }
        }
    };
}

domain_events! {
    VIR_DOMAIN_EVENT_ID_REBOOT on_reboot "reboot" () [];
    VIR_DOMAIN_EVENT_ID_RTC_CHANGE on_rtc "rtcChange" (offset: c_longlong) ["utcOffsetSeconds": Field::Number(offset)];
    VIR_DOMAIN_EVENT_ID_WATCHDOG on_watchdog "watchdog" (action: c_int) ["action": Field::Word(word(
        &["none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi"], action))];
    VIR_DOMAIN_EVENT_ID_IO_ERROR on_io_error "ioError"
        (path: *const c_char, alias: *const c_char, action: c_int)
        ["path": text(path), "alias": text(alias), "action": Field::Word(word(IO_ERROR_ACTIONS, action))];
    VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON on_io_error_reason "ioErrorReason"
        (path: *const c_char, alias: *const c_char, action: c_int, reason: *const c_char)
        ["path": text(path), "alias": text(alias), "action": Field::Word(word(IO_ERROR_ACTIONS, action)),
         "reason": text(reason)];
    VIR_DOMAIN_EVENT_ID_GRAPHICS on_graphics "graphics"
        (phase: c_int, local: *const sys::virDomainEventGraphicsAddress,
         remote: *const sys::virDomainEventGraphicsAddress, scheme: *const c_char,
         subject: *const sys::virDomainEventGraphicsSubject)
        ["phase": Field::Word(word(&["connect", "initialize", "disconnect"], phase)), "local": address(local),
         "remote": address(remote), "authScheme": text(scheme), "identities": identities(subject)];
    VIR_DOMAIN_EVENT_ID_CONTROL_ERROR on_control_error "controlError" () [];
    VIR_DOMAIN_EVENT_ID_BLOCK_JOB on_block_job_path "blockJobPath"
        (path: *const c_char, job: c_int, status: c_int)
        ["path": text(path), "job": Field::Word(word(BLOCK_JOB_TYPES, job)),
         "status": Field::Word(word(JOB_STATUSES, status))];
    VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2 on_block_job "blockJob"
        (disk: *const c_char, job: c_int, status: c_int)
        ["disk": text(disk), "job": Field::Word(word(BLOCK_JOB_TYPES, job)),
         "status": Field::Word(word(JOB_STATUSES, status))];
    VIR_DOMAIN_EVENT_ID_DISK_CHANGE on_disk_change "diskChange"
        (old: *const c_char, new: *const c_char, alias: *const c_char, reason: c_int)
        ["oldPath": text(old), "newPath": text(new), "alias": text(alias),
         "reason": Field::Word(word(&["missing-on-start", "drop-missing-on-start"], reason))];
    VIR_DOMAIN_EVENT_ID_TRAY_CHANGE on_tray_change "trayChange"
        (alias: *const c_char, reason: c_int)
        ["alias": text(alias), "tray": Field::Word(word(&["open", "closed"], reason))];
    VIR_DOMAIN_EVENT_ID_PMWAKEUP on_wake_up "pmWakeUp" (_reason: c_int) [];
    VIR_DOMAIN_EVENT_ID_PMSUSPEND on_suspend "pmSuspend" (_reason: c_int) [];
    VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK on_suspend_disk "pmSuspendDisk" (_reason: c_int) [];
    VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE on_balloon "balloonChange" (actual: c_ulonglong) ["actualKib": Field::Size(actual)];
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED on_device_removed "deviceRemoved" (alias: *const c_char) ["alias": text(alias)];
    VIR_DOMAIN_EVENT_ID_DEVICE_ADDED on_device_added "deviceAdded" (alias: *const c_char) ["alias": text(alias)];
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED on_removal_failed "deviceRemovalFailed"
        (alias: *const c_char) ["alias": text(alias)];
    VIR_DOMAIN_EVENT_ID_TUNABLE on_tunable "tunable"
        (params: sys::virTypedParameterPtr, count: c_int) ["parameters": parameters(params, count)];
    VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE on_agent "agentLifecycle"
        (state: c_int, reason: c_int)
        ["state": Field::Word(word(LIFECYCLE_STATES, state)), "reason": Field::Word(word(LIFECYCLE_REASONS, reason))];
    VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION on_iteration "migrationIteration"
        (iteration: c_int) ["iteration": Field::Number(i64::from(iteration))];
    VIR_DOMAIN_EVENT_ID_JOB_COMPLETED on_job_completed "jobCompleted"
        (params: sys::virTypedParameterPtr, count: c_int) ["parameters": parameters(params, count)];
    VIR_DOMAIN_EVENT_ID_METADATA_CHANGE on_metadata "metadataChange"
        (kind: c_int, namespace: *const c_char)
        ["type": Field::Word(word(&["description", "title", "element"], kind)), "namespace": text(namespace)];
    VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD on_threshold "blockThreshold"
        (disk: *const c_char, path: *const c_char, threshold: c_ulonglong, excess: c_ulonglong)
        ["disk": text(disk), "path": text(path), "thresholdBytes": Field::Size(threshold),
         "excessBytes": Field::Size(excess)];
    VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE on_memory_failure "memoryFailure"
        (recipient: c_int, action: c_int, flags: c_uint)
        ["recipient": Field::Word(word(&["hypervisor", "guest"], recipient)),
         "action": Field::Word(word(&["ignore", "inject", "fatal", "reset"], action)),
         "actionRequired": Field::Flag(flags & sys::VIR_DOMAIN_MEMORY_FAILURE_ACTION_REQUIRED != 0),
         "recursive": Field::Flag(flags & sys::VIR_DOMAIN_MEMORY_FAILURE_RECURSIVE != 0)];
    VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE on_memory_device "memoryDeviceSizeChange"
        (alias: *const c_char, size: c_ulonglong) ["alias": text(alias), "sizeKib": Field::Size(size)];
}

/// # Safety
/// `domain` lives during the call and `opaque` is the boxed sink that was registered.
unsafe fn tell(kind: &'static str, domain: sys::virDomainPtr, opaque: *mut c_void, fields: impl Fn() -> Fields) {
    super::deliver(opaque, || {
        // SAFETY: passed on to the caller; the buffer has the 16 bytes that libvirt writes.
        let uuid = uuid_of("virDomainGetUUID", |raw| unsafe { sys::virDomainGetUUID(domain, raw) }).ok()?;
        // SAFETY: passed on to the caller.
        let name = unsafe { borrowed(sys::virDomainGetName(domain)) };
        Some(Event::Other { kind, uuid: Some(uuid), name, fields: fields() })
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::ptr;
    use std::sync::{Arc, Mutex};

    use super::super::Sink;
    use super::*;
    use crate::parameters::{Param, Value};
    use crate::session::Session;

    /// What a callback tells of the test driver's domain when libvirt calls it with these arguments.
    fn event_of(call: impl FnOnce(sys::virDomainPtr, *mut c_void)) -> (&'static str, Fields) {
        crate::event_loop::start().expect("libvirt starts");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        let sink: Sink = Arc::new(move |event| heard.lock().expect("one thread").push(event));
        let opaque = Box::into_raw(Box::new(sink));
        let mut session = Session::open(&crate::Options::new("test:///default")).expect("the test driver");
        let uuid = session.find_domain_by_name("test").expect("its domain").uuid;
        session
            .with_domain(uuid, |domain| {
                call(domain, opaque.cast());
                Ok(())
            })
            .expect("a live domain");
        // SAFETY: made above; the callback is over.
        drop(unsafe { Box::from_raw(opaque) });
        match seen.lock().expect("one thread").pop() {
            Some(Event::Other { kind, uuid: Some(about), name: Some(name), fields }) => {
                assert_eq!((about, name.as_str()), (uuid, "test"));
                (kind, fields)
            }
            other => panic!("{other:?}"),
        }
    }

    fn c(text: &str) -> CString {
        CString::new(text).expect("no NUL")
    }

    fn owned(text: &str) -> Field {
        Field::Text(Some(text.to_owned()))
    }

    #[test]
    fn every_id_of_libvirt_9_is_heard_once() {
        let mut ids: Vec<_> = callbacks().iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        assert_eq!(
            ids,
            (sys::VIR_DOMAIN_EVENT_ID_REBOOT..=sys::VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE).collect::<Vec<_>>()
        );
    }

    #[test]
    fn errors_of_disks_say_which_and_why() {
        let (path, alias, reason) = (c("/a.img"), c("virtio-disk0"), c("enospc"));
        // SAFETY: live arguments of the callback's kinds.
        let event = event_of(|domain, opaque| unsafe {
            on_io_error_reason(ptr::null_mut(), domain, path.as_ptr(), alias.as_ptr(), 1, reason.as_ptr(), opaque);
        });
        let fields = vec![
            ("path", owned("/a.img")),
            ("alias", owned("virtio-disk0")),
            ("action", Field::Word("pause")),
            ("reason", owned("enospc")),
        ];
        assert_eq!(event, ("ioErrorReason", fields));
    }

    #[test]
    fn numbers_of_a_newer_libvirt_and_missing_texts_are_passed_on() {
        // SAFETY: as above; null is allowed for texts.
        let event = event_of(|domain, opaque| unsafe {
            on_block_job(ptr::null_mut(), domain, ptr::null(), 77, -1, opaque);
        });
        let fields =
            vec![("disk", Field::Text(None)), ("job", Field::Word("unknown")), ("status", Field::Word("unknown"))];
        assert_eq!(event, ("blockJob", fields));
        // SAFETY: as above.
        let event = event_of(|domain, opaque| unsafe {
            on_graphics(ptr::null_mut(), domain, 2, ptr::null(), ptr::null(), ptr::null(), ptr::null(), opaque);
        });
        assert_eq!(event.1[0], ("phase", Field::Word("disconnect")));
        assert_eq!(event.1[4], ("identities", Field::List(Vec::new())));
    }

    #[test]
    fn who_looks_at_a_screen_is_passed_on_with_both_ends_and_names() {
        let (node, service, kind, name) = (c("127.0.0.1"), c("5900"), c("x509dname"), c("CN=me"));
        let end = sys::virDomainEventGraphicsAddress {
            family: 0,
            node: node.as_ptr().cast_mut(),
            service: service.as_ptr().cast_mut(),
        };
        let mut identity = sys::virDomainEventGraphicsSubjectIdentity {
            type_: kind.as_ptr().cast_mut(),
            name: name.as_ptr().cast_mut(),
        };
        let subject = sys::virDomainEventGraphicsSubject { nidentity: 1, identities: &raw mut identity };
        // SAFETY: as above.
        let event = event_of(|domain, opaque| unsafe {
            on_graphics(
                ptr::null_mut(),
                domain,
                0,
                &raw const end,
                &raw const end,
                kind.as_ptr(),
                &raw const subject,
                opaque,
            );
        });
        let end = Field::Record(vec![
            ("family", Field::Word("ipv4")),
            ("node", owned("127.0.0.1")),
            ("service", owned("5900")),
        ]);
        assert_eq!(event.1[1..3], [("local", end.clone()), ("remote", end)]);
        let identities = Field::List(vec![vec![("type", owned("x509dname")), ("name", owned("CN=me"))]]);
        assert_eq!(event.1[4], ("identities", identities));
    }

    #[test]
    fn parameters_and_flags_are_passed_on() {
        let list =
            crate::parameters::List::of(&[Param { name: "iops".into(), value: Value::Ullong(7) }]).expect("a list");
        // SAFETY: as above.
        let event = event_of(|domain, opaque| unsafe {
            on_tunable(ptr::null_mut(), domain, list.as_ptr(), list.len(), opaque);
        });
        assert_eq!(
            event.1,
            vec![("parameters", Field::Parameters(vec![Param { name: "iops".into(), value: Value::Ullong(7) }]))]
        );
        // SAFETY: as above.
        let event = event_of(|domain, opaque| unsafe { on_memory_failure(ptr::null_mut(), domain, 1, 3, 2, opaque) });
        let fields = vec![
            ("recipient", Field::Word("guest")),
            ("action", Field::Word("reset")),
            ("actionRequired", Field::Flag(false)),
            ("recursive", Field::Flag(true)),
        ];
        assert_eq!(event, ("memoryFailure", fields));
    }
}
