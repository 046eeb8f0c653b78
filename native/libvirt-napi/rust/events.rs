//! Events as JavaScript sees them: an object with `kind`, what it is about, and what it says.

use libvirt_core::parameters::{Param, Value};
use libvirt_core::{Event, Field, Fields, Uuid};
use napi::bindgen_prelude::{Array, Null, Object};
use napi::{Env, Result};

use crate::connection::number;

/// # Errors
/// Of the JavaScript engine, e.g. out of memory.
pub fn event_object(env: &Env, event: Event) -> Result<Object<'static>> {
    let named = |kind, uuid: Uuid, name: String, words: &[(&'static str, &'static str)]| {
        let mut object = about(env, kind, Some(uuid), Some(name))?;
        words.iter().try_for_each(|(name, word)| object.set(*name, *word))?;
        Ok(object)
    };
    match event {
        Event::DomainLifecycle { uuid, name, event, detail } => {
            named("lifecycle", uuid, name, &[("event", event), ("detail", detail)])
        }
        Event::NetworkLifecycle { uuid, name, event } => named("network", uuid, name, &[("event", event)]),
        Event::Other { kind, uuid, name, fields } => {
            let mut object = about(env, kind, uuid, name)?;
            set_all(env, &mut object, fields)?;
            Ok(object)
        }
        Event::Disconnected { reason } => {
            let mut object = about(env, "disconnected", None, None)?;
            object.set("reason", reason)?;
            Ok(object)
        }
        Event::DomainQuarantined { uuid } => about(env, "domainQuarantined", Some(uuid), None),
        Event::DomainReleased { uuid } => about(env, "domainReleased", Some(uuid), None),
        Event::Reconnected => about(env, "reconnected", None, None),
    }
}

fn about(env: &Env, kind: &'static str, uuid: Option<Uuid>, name: Option<String>) -> Result<Object<'static>> {
    let mut object = Object::new(env)?;
    object.set("kind", kind)?;
    if let Some(uuid) = uuid {
        object.set("uuid", uuid.to_string())?;
    }
    if let Some(name) = name {
        object.set("name", name)?;
    }
    Ok(object)
}

fn set_all(env: &Env, object: &mut Object<'_>, fields: Fields) -> Result<()> {
    fields.into_iter().try_for_each(|(name, field)| set(env, object, name, field))
}

#[allow(clippy::cast_precision_loss)]
fn set(env: &Env, object: &mut Object<'_>, name: &'static str, field: Field) -> Result<()> {
    match field {
        Field::Text(Some(text)) => object.set(name, text),
        Field::Text(None) => object.set(name, Null),
        Field::Word(word) => object.set(name, word),
        Field::Number(value) => object.set(name, value as f64),
        Field::Size(value) => object.set(name, number(value)),
        Field::Flag(value) => object.set(name, value),
        Field::Parameters(params) => object.set(name, parameters(env, params)?),
        // An end that libvirt doesn't know.
        Field::Record(fields) if fields.is_empty() => object.set(name, Null),
        Field::Record(fields) => object.set(name, record(env, fields)?),
        Field::List(list) => {
            let mut array = Array::from_vec(env, Vec::<u32>::new())?;
            for fields in list {
                array.insert(record(env, fields)?)?;
            }
            object.set(name, array)
        }
    }
}

fn record(env: &Env, fields: Fields) -> Result<Object<'static>> {
    let mut object = Object::new(env)?;
    set_all(env, &mut object, fields)?;
    Ok(object)
}

#[allow(clippy::cast_precision_loss)]
fn parameters(env: &Env, params: Vec<Param>) -> Result<Object<'static>> {
    let mut object = Object::new(env)?;
    for Param { name, value } in params {
        match value {
            Value::Int(value) => object.set(name, value)?,
            Value::Uint(value) => object.set(name, value)?,
            Value::Llong(value) => object.set(name, value as f64)?,
            Value::Ullong(value) => object.set(name, number(value))?,
            Value::Double(value) => object.set(name, value)?,
            Value::Boolean(value) => object.set(name, value)?,
            Value::Text(value) => object.set(name, value)?,
        }
    }
    Ok(object)
}
