//! Owned pointers, strings and arrays at libvirt's edge. All `unsafe` of plain calls goes through here.

use std::ffi::{CStr, CString};
use std::ptr;

use libc::{c_char, c_int, c_uint, c_void};
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::uuid::Uuid;

/// A libvirt object that is reference counted by libvirt.
pub(crate) trait Object {
    /// Gives one reference back.
    ///
    /// # Safety
    /// `this` is a live pointer of which the caller owns one reference.
    unsafe fn free(this: *mut Self) -> c_int;
}

macro_rules! objects {
    ($($type:ident => $free:ident;)*) => { $(
        impl Object for sys::$type {
            unsafe fn free(this: *mut Self) -> c_int {
                // SAFETY: passed on to the caller.
                unsafe { sys::$free(this) }
            }
        }
    )* };
}

objects! {
    virConnect => virConnectClose;
    virDomain => virDomainFree;
    virNetwork => virNetworkFree;
    virNWFilter => virNWFilterFree;
    virNWFilterBinding => virNWFilterBindingFree;
    virStoragePool => virStoragePoolFree;
    virStorageVol => virStorageVolFree;
    virDomainSnapshot => virDomainSnapshotFree;
    virDomainCheckpoint => virDomainCheckpointFree;
    virStream => virStreamFree;
    virNodeDevice => virNodeDeviceFree;
    virInterface => virInterfaceFree;
    virSecret => virSecretFree;
    virNetworkPort => virNetworkPortFree;
}

/// One owned reference. Freed on drop; a failure to free is libvirt's to log, never a panic.
pub(crate) struct Handle<T: Object>(ptr::NonNull<T>);

// SAFETY: libvirt objects may be used from any thread; this crate gives each to one thread at a time.
unsafe impl<T: Object> Send for Handle<T> {}

impl<T: Object> Handle<T> {
    /// Owns what `call` returned, or takes the error.
    pub(crate) fn own(raw: *mut T, call: &'static str) -> Result<Self> {
        ptr::NonNull::new(raw).map(Self).ok_or_else(|| Error::last(call))
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T: Object> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: we own one reference and give it back once.
        unsafe { T::free(self.0.as_ptr()) };
    }
}

/// A non-negative answer, or the error.
pub(crate) fn check(answer: c_int, call: &'static str) -> Result<c_int> {
    if answer < 0 { Err(Error::last(call)) } else { Ok(answer) }
}

/// An argument for C. A NUL inside is the caller's mistake.
pub(crate) fn arg(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::own(Code::InvalidArg, "argument", "text holds a NUL character"))
}

/// An optional argument for C, kept alive by the caller.
pub(crate) fn optional_arg(text: Option<&str>) -> Result<Option<CString>> {
    text.map(arg).transpose()
}

/// The pointer of an optional argument.
pub(crate) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |t| t.as_ptr())
}

/// Text that libvirt keeps.
///
/// # Safety
/// `raw` is null or a NUL-terminated string that lives during the call.
pub(crate) unsafe fn borrowed(raw: *const c_char) -> Option<String> {
    // SAFETY: passed on to the caller.
    (!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned())
}

/// Text that libvirt allocated for us: copied and freed.
///
/// # Safety
/// `raw` is null or a string from malloc that nobody else frees.
pub(crate) unsafe fn taken(raw: *mut c_char, call: &'static str) -> Result<String> {
    // SAFETY: passed on to the caller.
    let text = unsafe { borrowed(raw) }.ok_or_else(|| Error::last(call))?;
    // SAFETY: allocated by libvirt with malloc for the caller to free.
    unsafe { libc::free(raw.cast::<c_void>()) };
    Ok(text)
}

/// An array of texts that libvirt allocated for us: copied and freed.
///
/// # Safety
/// `array` is null or holds `count` strings from malloc and is itself from malloc; nobody else frees them.
pub(crate) unsafe fn taken_all(array: *mut *mut c_char, count: c_int) -> Vec<String> {
    let texts = (0..usize::try_from(count).unwrap_or(0)).filter_map(|i| {
        // SAFETY: one of `count` strings, ours to free.
        unsafe {
            let raw = *array.add(i);
            let text = borrowed(raw);
            libc::free(raw.cast::<c_void>());
            text
        }
    });
    let texts = texts.collect();
    // SAFETY: ours to free, once.
    unsafe { libc::free(array.cast::<c_void>()) };
    texts
}

/// Runs a `virXxxListAll*` function and owns every element.
pub(crate) fn list<T: Object>(
    call: &'static str,
    run: impl FnOnce(*mut *mut *mut T) -> c_int,
) -> Result<Vec<Handle<T>>> {
    let mut array: *mut *mut T = ptr::null_mut();
    let count = usize::try_from(check(run(&raw mut array), call)?).unwrap_or(0);
    let mut owned = Vec::with_capacity(count);
    for i in 0..count {
        // SAFETY: libvirt filled `count` elements, each an owned reference.
        if let Some(element) = ptr::NonNull::new(unsafe { *array.add(i) }) {
            owned.push(Handle(element));
        }
    }
    // SAFETY: the array itself is malloc'ed for the caller.
    unsafe { libc::free(array.cast::<c_void>()) };
    Ok(owned)
}

/// Reads what was listed, without what went away between the list and the question.
pub(crate) fn still_there<T: Object, R>(
    listed: &[Handle<T>],
    gone: Code,
    read: impl Fn(&Handle<T>) -> Result<R>,
) -> Result<Vec<R>> {
    let mut records = Vec::with_capacity(listed.len());
    for handle in listed {
        match read(handle) {
            Ok(record) => records.push(record),
            Err(error) if error.code == gone => {}
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// Runs a `virXxxGetUUID` function.
pub(crate) fn uuid_of(call: &'static str, run: impl FnOnce(*mut u8) -> c_int) -> Result<Uuid> {
    let mut bytes = [0u8; 16];
    check(run(bytes.as_mut_ptr()), call)?;
    Ok(Uuid(bytes))
}

/// A flag word from a list of (wanted, bit).
pub(crate) fn bits(flags: &[(bool, c_uint)]) -> c_uint {
    flags.iter().filter(|(wanted, _)| *wanted).fold(0, |word, (_, bit)| word | bit)
}

/// A struct of flags and the word that it makes.
macro_rules! flag_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $bit:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name { $($(#[$field_doc])* pub $field: bool,)* }

        impl $name {
            pub(crate) fn word(self) -> libc::c_uint {
                $crate::ffi::bits(&[$((self.$field, virt_sys::$bit),)*])
            }
        }
    };
}
pub(crate) use flag_word;
