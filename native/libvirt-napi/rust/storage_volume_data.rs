//! The bytes of volumes, piece by piece.

use napi::bindgen_prelude::Buffer;

use crate::connection::NativeConnection;
use crate::declare::calls;
use crate::number::{Uint32, whole};

calls!(object {
    read_volume, "readVolume", (name: String, offset: f64, length: Uint32) -> Buffer = {
        let offset = whole(offset, "offset")?;
        move |session, uuid| session.read_volume(uuid, &name, offset, length.0)
    };
    write_volume, "writeVolume", (name: String, offset: f64, data: Buffer) -> () = {
        let offset = whole(offset, "offset")?;
        // A copy: JavaScript may change its buffer while the worker sends.
        let data = data.to_vec();
        move |session, uuid| session.write_volume(uuid, &name, offset, &data)
    };
});
