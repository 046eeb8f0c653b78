//! Secrets: passphrases and keys that volumes and devices refer to by UUID. The test driver has none: `NO_SUPPORT`.

use libc::c_int;
use virt_sys as sys;

use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, arg, bits, borrowed, check, list, still_there, taken, uuid_of};
use crate::session::Session;
use crate::uuid::Uuid;
use crate::vocabulary::{SECRET_USAGES, word};

/// A secret in a list; never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// The secret.
    pub uuid: Uuid,
    /// A word of [`SECRET_USAGES`].
    pub usage: &'static str,
    /// What it is for, e.g. the path of a volume; empty for `none`.
    pub usage_id: String,
}

impl Session {
    fn with_secret<R>(&mut self, uuid: Uuid, act: impl FnOnce(*mut sys::virSecret) -> Result<R>) -> Result<R> {
        // SAFETY: a live connection and 16 bytes.
        let raw = unsafe { sys::virSecretLookupByUUID(self.conn(), uuid.0.as_ptr()) };
        Handle::own(raw, "virSecretLookupByUUID")
            .and_then(|secret| act(secret.as_ptr()))
            .map_err(|error| error.about(uuid.to_string()))
    }

    /// All secrets (`virConnectListAllSecrets`).
    pub fn list_secrets(&mut self) -> Result<Vec<SecretRecord>> {
        let conn = self.conn();
        // SAFETY: a live connection; `list` owns the array.
        let secrets =
            list("virConnectListAllSecrets", |array| unsafe { sys::virConnectListAllSecrets(conn, array, 0) })?;
        still_there(&secrets, Code::NoSecret, |secret| record(secret.as_ptr()))
    }

    /// Finds a secret by UUID; `NO_SECRET` when there is none.
    pub fn find_secret(&mut self, uuid: Uuid) -> Result<SecretRecord> {
        self.with_secret(uuid, record)
    }

    /// Finds a secret by what it is for (`virSecretLookupByUsage`); `NO_SECRET` when there is none.
    pub fn find_secret_by_usage(&mut self, usage: &str, usage_id: &str) -> Result<SecretRecord> {
        let kind = SECRET_USAGES.iter().position(|known| *known == usage);
        let kind = kind.and_then(|kind| c_int::try_from(kind).ok()).unwrap_or(-1);
        let id = arg(usage_id)?;
        // SAFETY: a live connection and a NUL-terminated text.
        let raw = unsafe { sys::virSecretLookupByUsage(self.conn(), kind, id.as_ptr()) };
        record(Handle::own(raw, "virSecretLookupByUsage").map_err(|e| e.about(usage_id))?.as_ptr())
    }

    /// Defines a secret without its value (`virSecretDefineXML`).
    pub fn define_secret(&mut self, xml: &str, validate: bool) -> Result<SecretRecord> {
        let text = arg(xml)?;
        let flags = bits(&[(validate, sys::VIR_SECRET_DEFINE_VALIDATE)]);
        // SAFETY: a live connection and NUL-terminated XML.
        let raw = unsafe { sys::virSecretDefineXML(self.conn(), text.as_ptr(), flags) };
        record(Handle::own(raw, "virSecretDefineXML")?.as_ptr())
    }

    /// Removes a secret and its value (`virSecretUndefine`).
    pub fn undefine_secret(&mut self, uuid: Uuid) -> Result<()> {
        // SAFETY: a live secret.
        self.with_secret(uuid, |secret| check(unsafe { sys::virSecretUndefine(secret) }, "virSecretUndefine").map(drop))
    }

    /// The secret as XML, without its value (`virSecretGetXMLDesc`).
    pub fn secret_xml(&mut self, uuid: Uuid) -> Result<String> {
        // SAFETY: a live secret; the answer is ours to free.
        self.with_secret(uuid, |secret| unsafe { taken(sys::virSecretGetXMLDesc(secret, 0), "virSecretGetXMLDesc") })
    }

    /// Its value (`virSecretGetValue`): `INVALID_SECRET` for a private one, `NO_SECRET` when none was set.
    pub fn secret_value(&mut self, uuid: Uuid) -> Result<Vec<u8>> {
        self.with_secret(uuid, |secret| {
            let mut size = 0;
            // SAFETY: a live secret and a place for the size.
            let raw = unsafe { sys::virSecretGetValue(secret, &raw mut size, 0) };
            if raw.is_null() {
                return Err(Error::last("virSecretGetValue"));
            }
            // SAFETY: `size` bytes that are ours; they are wiped before they are given back.
            unsafe {
                let value = std::slice::from_raw_parts(raw, size).to_vec();
                libc::explicit_bzero(raw.cast(), size);
                libc::free(raw.cast());
                Ok(value)
            }
        })
    }

    /// Sets its value (`virSecretSetValue`).
    pub fn set_secret_value(&mut self, uuid: Uuid, value: &[u8]) -> Result<()> {
        self.with_secret(uuid, |secret| {
            // SAFETY: a live secret and that many bytes.
            let answer = unsafe { sys::virSecretSetValue(secret, value.as_ptr(), value.len(), 0) };
            check(answer, "virSecretSetValue").map(drop)
        })
    }
}

fn record(secret: *mut sys::virSecret) -> Result<SecretRecord> {
    // SAFETY: a live secret, which keeps its texts; 16 bytes for the UUID.
    unsafe {
        let uuid = uuid_of("virSecretGetUUID", |raw| sys::virSecretGetUUID(secret, raw))?;
        let usage = word(SECRET_USAGES, check(sys::virSecretGetUsageType(secret), "virSecretGetUsageType")?);
        Ok(SecretRecord { uuid, usage, usage_id: borrowed(sys::virSecretGetUsageID(secret)).unwrap_or_default() })
    }
}
