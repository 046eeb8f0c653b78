//! Shapes that many calls of the addon share: where one differs in nothing but its name, its arguments and its answer.

/// Calls by what they are about: `host` or `object` (with its UUID) or `domain` (which may hang). What stands after `=`
/// is queued; it may refuse arguments with `?` before.
macro_rules! calls {
    (host { $(
        $name:ident $(as $ts:literal)?, $label:literal, ($($(#[$meta:meta])* $arg:ident: $type:ty),*) -> $answer:ty =
            $run:expr;
    )* }) => {
        #[napi_derive::napi]
        impl NativeConnection { $(
            #[napi($(ts_return_type = $ts)?)]
            #[allow(clippy::too_many_arguments)]
            pub fn $name<'env>(
                &self,
                env: &'env napi::Env,
                $($(#[$meta])* $arg: $type,)*
                timeout_ms: u32,
                token: u32,
            ) -> napi::Result<napi::bindgen_prelude::PromiseRaw<'env, $answer>> {
                self.host(env, $label, (timeout_ms, token), $run)
            }
        )* }
    };
    (object { $(
        $name:ident $(as $ts:literal)?, $label:literal, ($($(#[$meta:meta])* $arg:ident: $type:ty),*) -> $answer:ty =
            $run:expr;
    )* }) => {
        calls!(about object { $($name $(as $ts)?, $label, ($($(#[$meta])* $arg: $type),*) -> $answer = $run;)* });
    };
    (domain { $(
        $name:ident $(as $ts:literal)?, $label:literal, ($($(#[$meta:meta])* $arg:ident: $type:ty),*) -> $answer:ty =
            $run:expr;
    )* }) => {
        calls!(about domain { $($name $(as $ts)?, $label, ($($(#[$meta])* $arg: $type),*) -> $answer = $run;)* });
    };
    (about $kind:ident { $(
        $name:ident $(as $ts:literal)?, $label:literal, ($($(#[$meta:meta])* $arg:ident: $type:ty),*) -> $answer:ty =
            $run:expr;
    )* }) => {
        #[napi_derive::napi]
        impl NativeConnection { $(
            #[napi($(ts_return_type = $ts)?)]
            #[allow(clippy::too_many_arguments)]
            pub fn $name<'env>(
                &self,
                env: &'env napi::Env,
                uuid: String,
                $($(#[$meta])* $arg: $type,)*
                timeout_ms: u32,
                token: u32,
            ) -> napi::Result<napi::bindgen_prelude::PromiseRaw<'env, $answer>> {
                self.$kind(env, $label, uuid, (timeout_ms, token), $run)
            }
        )* }
    };
}

/// An object for JavaScript and how it is made of the core's record of the same fields.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident from $core:ty {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $value:expr,)*
    } by $record:ident) => {
        $(#[$doc])*
        #[napi_derive::napi(object, object_from_js = false)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl From<$core> for $name {
            fn from($record: $core) -> Self {
                Self { $($field: $value,)* }
            }
        }
    };
}

/// Flags for JavaScript, each optional, and the core's of the same names.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident as $core:path { $($(#[$field_doc:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[napi_derive::napi(object)]
        pub struct $name { $($(#[$field_doc])* pub $field: Option<bool>,)* }

        impl From<$name> for $core {
            fn from(flags: $name) -> Self {
                Self { $($field: crate::domain::on(flags.$field),)* }
            }
        }
    };
}

pub(crate) use {calls, flags, record};

/// Records for JavaScript of the core's.
pub(crate) fn all<T, J: From<T>>(records: Vec<T>) -> Vec<J> {
    records.into_iter().map(J::from).collect()
}
