//! Numbers of JavaScript for integers of C. napi's own conversions cut a number that does not fit down to one that does:
//! -1 becomes 4,294,967,295 and 1.5 becomes 1. These refuse it.

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, ValueType, sys};

use crate::bridge::refused;

/// The integer of C that a number stands for.
macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident($type:ty) up to $most:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name(pub $type);

        impl TypeName for $name {
            fn type_name() -> &'static str {
                "number"
            }

            fn value_type() -> ValueType {
                ValueType::Number
            }
        }

        impl ValidateNapiValue for $name {}

        impl FromNapiValue for $name {
            unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
                // SAFETY: passed on to the caller.
                let value = unsafe { f64::from_napi_value(env, value) }?;
                within(value, f64::from(<$type>::MIN), f64::from($most))?;
                // Exact: a whole number within the type's range.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Ok(Self(value as $type))
            }
        }
    )* };
}

integers! {
    /// An `unsigned int`.
    Uint32(u32) up to u32::MAX;
    /// An `int`.
    Int32(i32) up to i32::MAX;
    /// An `int` that counts: below zero it would mean something else.
    Count(u32) up to i32::MAX;
}

fn within(value: f64, least: f64, most: f64) -> Result<()> {
    let fits = value.fract() == 0.0 && (least..=most).contains(&value);
    if fits { Ok(()) } else { Err(refused(&format!("{value} is no whole number from {least} to {most}"))) }
}

/// The integers of a list.
pub(crate) fn integers(list: &[Uint32]) -> Vec<u32> {
    list.iter().map(|number| number.0).collect()
}

/// A JavaScript number that must be a whole one, not below zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn whole(value: f64, what: &str) -> Result<u64> {
    let exact = value.is_finite() && value >= 0.0 && value.fract() == 0.0 && value < 9_007_199_254_740_992.0;
    if exact { Ok(value as u64) } else { Err(refused(&format!("{what} must be a whole number, not below zero"))) }
}

/// A whole number of JavaScript that may be negative.
pub(crate) fn signed(value: f64, name: &str) -> Result<i64> {
    let size = i64::try_from(whole(value.abs(), name)?).map_err(|_| refused(&format!("{name} is too large")))?;
    Ok(if value < 0.0 { -size } else { size })
}
