//! Typed parameters between JavaScript and libvirt.

use libvirt_core::parameters::{Param, Value};
use napi::Result;
use napi::bindgen_prelude::Either3;
use napi_derive::napi;

use crate::bridge::refused;
use crate::connection::number;
use crate::number::{signed, whole};

/// A named value of the kind that libvirt expects for its name.
#[napi(object)]
pub struct TypedParameter {
    pub name: String,
    #[napi(ts_type = "'int' | 'uint' | 'llong' | 'ullong' | 'double' | 'boolean' | 'string'")]
    pub kind: String,
    pub value: Either3<bool, f64, String>,
}

impl From<Param> for TypedParameter {
    #[allow(clippy::cast_precision_loss)]
    fn from(param: Param) -> Self {
        let (kind, value) = match param.value {
            Value::Int(value) => ("int", Either3::B(f64::from(value))),
            Value::Uint(value) => ("uint", Either3::B(f64::from(value))),
            Value::Llong(value) => ("llong", Either3::B(value as f64)),
            Value::Ullong(value) => ("ullong", Either3::B(number(value))),
            Value::Double(value) => ("double", Either3::B(value)),
            Value::Boolean(value) => ("boolean", Either3::A(value)),
            Value::Text(value) => ("string", Either3::C(value)),
        };
        Self { name: param.name, kind: kind.to_owned(), value }
    }
}

/// For JavaScript.
pub(crate) fn to_javascript(params: Vec<Param>) -> Vec<TypedParameter> {
    params.into_iter().map(TypedParameter::from).collect()
}

/// For libvirt; refuses what doesn't fit the kind.
pub(crate) fn from_javascript(params: Vec<TypedParameter>) -> Result<Vec<Param>> {
    params.into_iter().map(read).collect()
}

fn read(param: TypedParameter) -> Result<Param> {
    let name = param.name;
    let value = match (param.kind.as_str(), param.value) {
        ("boolean", Either3::A(value)) => Value::Boolean(value),
        ("string", Either3::C(value)) => Value::Text(value),
        ("double", Either3::B(value)) => Value::Double(value),
        ("ullong", Either3::B(value)) => Value::Ullong(whole(value, &name)?),
        ("uint", Either3::B(value)) => Value::Uint(within(u32::try_from(whole(value, &name)?), &name)?),
        ("llong", Either3::B(value)) => Value::Llong(signed(value, &name)?),
        ("int", Either3::B(value)) => Value::Int(within(i32::try_from(signed(value, &name)?), &name)?),
        _ => return Err(refused(&format!("{name} has a value of another kind"))),
    };
    Ok(Param { name, value })
}

fn within<T, E>(value: std::result::Result<T, E>, name: &str) -> Result<T> {
    value.map_err(|_| refused(&format!("{name} is too large")))
}
