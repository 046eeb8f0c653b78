//! Secrets: what volumes are unlocked with.

use libvirt_core::ops::secret as core;
use libvirt_core::{Session, Uuid};
use napi::bindgen_prelude::Buffer;

use crate::connection::NativeConnection;
use crate::declare::{all, calls, record};

record! {
    /// A secret, without its value.
    SecretRecord from core::SecretRecord {
        uuid: String = r.uuid.to_string(),
        /// `none`, `volume`, `ceph`, `iscsi`, `tls` or `vtpm`
        usage: String = r.usage.to_owned(),
        /// What it is for, e.g. the path of a volume; empty for `none`.
        usage_id: String = r.usage_id,
    } by r
}

calls!(host {
    list_secrets, "listSecrets", () -> Vec<SecretRecord> = |session| session.list_secrets().map(all);
    find_secret_by_usage, "lookupSecret", (usage: String, usage_id: String) -> SecretRecord =
        move |session| session.find_secret_by_usage(&usage, &usage_id);
    define_secret, "defineSecret", (xml: String, validate: bool) -> SecretRecord =
        move |session| session.define_secret(&xml, validate);
});

calls!(object {
    find_secret, "lookupSecret", () -> SecretRecord = Session::find_secret;
    undefine_secret, "undefineSecret", () -> () = Session::undefine_secret;
    secret_xml, "secretXml", () -> String = Session::secret_xml;
    secret_value, "secretValue", () -> Buffer = |session: &mut Session, uuid: Uuid| session.secret_value(uuid);
    set_secret_value, "setSecretValue", (value: Buffer) -> () = {
        // A copy: JavaScript may change its buffer while the worker sends.
        let value = value.to_vec();
        move |session: &mut Session, uuid: Uuid| session.set_secret_value(uuid, &value)
    };
});
