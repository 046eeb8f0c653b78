//! libvirt's typed parameters: named values whose kind libvirt checks.

use std::ptr;

use libc::c_int;
use virt_sys as sys;

use crate::error::Result;
use crate::ffi::{arg, borrowed, check};

/// The value of a parameter, of the kind that libvirt expects for its name.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `VIR_TYPED_PARAM_INT`
    Int(i32),
    /// `VIR_TYPED_PARAM_UINT`
    Uint(u32),
    /// `VIR_TYPED_PARAM_LLONG`
    Llong(i64),
    /// `VIR_TYPED_PARAM_ULLONG`
    Ullong(u64),
    /// `VIR_TYPED_PARAM_DOUBLE`
    Double(f64),
    /// `VIR_TYPED_PARAM_BOOLEAN`
    Boolean(bool),
    /// `VIR_TYPED_PARAM_STRING`
    Text(String),
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// libvirt's name of it, e.g. `cpu_shares`.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Parameters for libvirt, freed on drop.
pub(crate) struct List {
    first: sys::virTypedParameterPtr,
    count: c_int,
    room: c_int,
}

impl List {
    pub(crate) fn of(params: &[Param]) -> Result<Self> {
        let mut list = Self { first: ptr::null_mut(), count: 0, room: 0 };
        params.iter().try_for_each(|param| list.add(param))?;
        Ok(list)
    }

    fn add(&mut self, param: &Param) -> Result<()> {
        let name = arg(&param.name)?;
        let (first, count, room) = (&raw mut self.first, &raw mut self.count, &raw mut self.room);
        let name = name.as_ptr();
        // SAFETY: a list that libvirt grows itself, and NUL-terminated texts, which it copies.
        let answer = unsafe {
            match &param.value {
                Value::Int(value) => sys::virTypedParamsAddInt(first, count, room, name, *value),
                Value::Uint(value) => sys::virTypedParamsAddUInt(first, count, room, name, *value),
                Value::Llong(value) => sys::virTypedParamsAddLLong(first, count, room, name, *value),
                Value::Ullong(value) => sys::virTypedParamsAddULLong(first, count, room, name, *value),
                Value::Double(value) => sys::virTypedParamsAddDouble(first, count, room, name, *value),
                Value::Boolean(value) => sys::virTypedParamsAddBoolean(first, count, room, name, c_int::from(*value)),
                Value::Text(value) => sys::virTypedParamsAddString(first, count, room, name, arg(value)?.as_ptr()),
            }
        };
        check(answer, "virTypedParamsAdd").map(drop)
    }

    pub(crate) fn as_ptr(&self) -> sys::virTypedParameterPtr {
        self.first
    }

    pub(crate) fn len(&self) -> c_int {
        self.count
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: made by virTypedParamsAdd*, freed once; null is allowed.
        unsafe { sys::virTypedParamsFree(self.first, self.count) };
    }
}

/// Runs a function that is asked first how many parameters there are, and then for them.
pub(crate) fn counted(
    call: &'static str,
    mut run: impl FnMut(sys::virTypedParameterPtr, *mut c_int) -> c_int,
) -> Result<Vec<Param>> {
    let mut count: c_int = 0;
    check(run(ptr::null_mut(), &raw mut count), call)?;
    let room = usize::try_from(count).unwrap_or(0);
    if room == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: plain data for which all zeroes is a value.
    let mut array: Vec<sys::virTypedParameter> = vec![unsafe { std::mem::zeroed() }; room];
    check(run(array.as_mut_ptr(), &raw mut count), call)?;
    let filled = count.clamp(0, c_int::try_from(room).unwrap_or(c_int::MAX));
    // SAFETY: libvirt filled that many.
    let params = unsafe { read(array.as_ptr(), filled) };
    // SAFETY: frees the texts of the filled ones; the array is ours.
    unsafe { sys::virTypedParamsClear(array.as_mut_ptr(), filled) };
    Ok(params)
}

/// Runs a function that allocates its parameters itself.
pub(crate) fn allocated(
    call: &'static str,
    run: impl FnOnce(*mut sys::virTypedParameterPtr, *mut c_int) -> c_int,
) -> Result<Vec<Param>> {
    let (mut array, mut count): (sys::virTypedParameterPtr, c_int) = (ptr::null_mut(), 0);
    check(run(&raw mut array, &raw mut count), call)?;
    // SAFETY: libvirt filled `count`.
    let params = unsafe { read(array, count) };
    // SAFETY: allocated by libvirt for us, freed once.
    unsafe { sys::virTypedParamsFree(array, count) };
    Ok(params)
}

/// # Safety
/// `array` holds `count` filled parameters.
pub(crate) unsafe fn read(array: *const sys::virTypedParameter, count: c_int) -> Vec<Param> {
    (0..usize::try_from(count).unwrap_or(0))
        .filter_map(|i| {
            // SAFETY: within the array; each name ends with a NUL within its 80 bytes.
            let (param, name) = unsafe { (&*array.add(i), borrowed((*array.add(i)).field.as_ptr())?) };
            // SAFETY: filled by libvirt.
            Some(Param { name, value: unsafe { value_of(param) }? })
        })
        .collect()
}

/// # Safety
/// `param` was filled by libvirt.
unsafe fn value_of(param: &sys::virTypedParameter) -> Option<Value> {
    // SAFETY: the type says which member is set.
    unsafe {
        match u32::try_from(param.type_).ok()? {
            sys::VIR_TYPED_PARAM_INT => Some(Value::Int(param.value.i)),
            sys::VIR_TYPED_PARAM_UINT => Some(Value::Uint(param.value.ui)),
            sys::VIR_TYPED_PARAM_LLONG => Some(Value::Llong(param.value.l)),
            sys::VIR_TYPED_PARAM_ULLONG => Some(Value::Ullong(param.value.ul)),
            sys::VIR_TYPED_PARAM_DOUBLE => Some(Value::Double(param.value.d)),
            sys::VIR_TYPED_PARAM_BOOLEAN => Some(Value::Boolean(param.value.b != 0)),
            sys::VIR_TYPED_PARAM_STRING => borrowed(param.value.s).map(Value::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_as_it_was_written() {
        // libvirt keeps errors per thread, in a place that it makes when it is started.
        crate::event_loop::start().expect("libvirt starts");
        let params = vec![
            Param { name: "a".into(), value: Value::Int(-1) },
            Param { name: "b".into(), value: Value::Ullong(u64::MAX) },
            Param { name: "c".into(), value: Value::Text("text".into()) },
            Param { name: "d".into(), value: Value::Boolean(true) },
            Param { name: "e".into(), value: Value::Double(0.5) },
        ];
        let list = List::of(&params).expect("plain parameters");
        // SAFETY: the list lives.
        assert_eq!(unsafe { read(list.as_ptr(), list.len()) }, params);
    }
}
