//! Long texts on their way to JavaScript.

use napi::bindgen_prelude::ToNapiValue;
use napi::{Result, check_status, sys};

/// Text of which JavaScript makes a string without a copy in between.
pub struct Text<T>(T);

impl<T> From<T> for Text<T> {
    fn from(text: T) -> Self {
        Self(text)
    }
}

impl<T: AsRef<[u8]>> ToNapiValue for Text<T> {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let bytes = text.0.as_ref();
        // What is pure ASCII, as nearly all is, needs no decoder.
        let create = if bytes.is_ascii() { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
        let length = isize::try_from(bytes.len()).unwrap_or(isize::MAX);
        let mut value = std::ptr::null_mut();
        // SAFETY: on the JavaScript thread, with that many bytes.
        check_status!(unsafe { create(env, bytes.as_ptr().cast(), length, &raw mut value) })?;
        Ok(value)
    }
}
