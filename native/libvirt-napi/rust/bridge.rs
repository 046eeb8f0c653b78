//! From worker threads to JavaScript: answers and events in one queue, drained in batches on the event loop.
//!
//! One wake-up settles many promises. The queue keeps the order of arrival: an answer and an event come from libvirt over
//! different sockets, and either may be first.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libvirt_core::{CallId, Error, Event};
use napi::bindgen_prelude::{FnArgs, Function, FunctionRef, Object, PromiseRaw, ToNapiValue};
use napi::{Env, Result, Status, check_status, sys};

use crate::events::event_object;

/// Builds the error object from code, domain, level, message, call and object.
pub type MakeError = (String, String, String, String, String, Option<String>);
/// Takes an event as an object.
pub type OnEvent = (Object<'static>,);

/// Settled or told in one turn of the event loop; the rest waits for the next turn.
const PER_TURN: usize = 512;

type Convert = Box<dyn FnOnce(sys::napi_env) -> Result<sys::napi_value> + Send>;

enum Item {
    Answer(Deferred, std::result::Result<Convert, Error>),
    Event(Event),
}

/// The other half of a promise. Only settled on the thread that made it.
struct Deferred(sys::napi_deferred);
// SAFETY: carried through other threads, used on the JavaScript thread only.
unsafe impl Send for Deferred {}

struct Wake(sys::napi_threadsafe_function);
// SAFETY: made for being called from other threads.
unsafe impl Send for Wake {}

struct Queue {
    items: Vec<Item>,
    /// None once the environment has ended, or the connection and all that it was asked for.
    wake: Option<Wake>,
    woken: bool,
    /// Promises that nobody has answered yet.
    open: usize,
    /// The connection has ended: only open promises are waited for.
    ending: bool,
    /// Calls that may be given up, by token; None until it is known which.
    cancellable: HashMap<u32, Option<CallId>>,
}

/// The queue's end that any thread may hold.
#[derive(Clone)]
pub struct Bridge(Arc<Mutex<Queue>>);

/// What the drain needs, owned by the thread-safe function.
struct Context {
    bridge: Bridge,
    make_error: FunctionRef<FnArgs<MakeError>, napi::Unknown<'static>>,
    on_event: FunctionRef<FnArgs<OnEvent>, ()>,
}

impl Bridge {
    /// Makes the queue and its wake-up. It keeps the process alive until [`Self::end`] or [`Self::unref`].
    pub fn new(
        env: &Env,
        make_error: &Function<'_, FnArgs<MakeError>, napi::Unknown<'static>>,
        on_event: &Function<'_, FnArgs<OnEvent>, ()>,
    ) -> Result<Self> {
        let queue =
            Queue { items: Vec::new(), wake: None, woken: false, open: 0, ending: false, cancellable: HashMap::new() };
        let bridge = Self(Arc::new(Mutex::new(queue)));
        let context = Box::new(Context {
            bridge: bridge.clone(),
            make_error: make_error.create_ref()?,
            on_event: on_event.create_ref()?,
        });
        let name = env.create_string("libvirt")?;
        let context = Box::into_raw(context);
        let mut wake = ptr::null_mut();
        // SAFETY: `context` is freed by `finalize`, which the environment calls once.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                napi::JsValue::raw(&name),
                0,
                1,
                context.cast(),
                Some(finalize),
                context.cast(),
                Some(drain),
                &raw mut wake,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: not taken over by the environment.
            drop(unsafe { Box::from_raw(context) });
        }
        check_status!(status)?;
        bridge.lock().wake = Some(Wake(wake));
        Ok(bridge)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: Item) {
        // An event is told at once: nobody flushes for it, and credentials that are asked for hold a worker.
        let is_answer = matches!(item, Item::Answer(..));
        let mut queue = self.lock();
        if is_answer {
            queue.open -= 1;
        }
        if queue.wake.is_none() {
            return;
        }
        queue.items.push(item);
        if queue.ending || !(is_answer && libvirt_core::answers_are_held()) {
            queue.wake_up();
        }
        queue.let_go_at_the_end();
    }

    /// Wakes the event loop for answers that did not.
    pub fn flush(&self) {
        let mut queue = self.lock();
        if !queue.items.is_empty() {
            queue.wake_up();
        }
    }

    /// Queues an event.
    pub fn tell(&self, event: Event) {
        self.push(Item::Event(event));
    }

    /// A promise, and what settles it from any thread. Refused when nobody would settle it any more.
    pub fn promise<'env, J: ToNapiValue + Send + 'static>(
        &self,
        env: &'env Env,
    ) -> Result<(PromiseRaw<'env, J>, Settle)> {
        let mut queue = self.lock();
        if queue.wake.is_none() {
            return Err(refused("the connection is closed"));
        }
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: on the JavaScript thread with places for both halves.
        check_status!(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        queue.open += 1;
        let settle = Settle { bridge: self.clone(), deferred: Some(Deferred(deferred)) };
        Ok((PromiseRaw::new(env.raw(), promise), settle))
    }

    /// A token is about to have its call.
    pub fn expect(&self, token: u32) {
        self.lock().cancellable.insert(token, None);
    }

    /// Remembers which call an abort is for, unless it is answered already.
    pub fn remember(&self, token: u32, call: CallId) {
        if let Some(known) = self.lock().cancellable.get_mut(&token) {
            *known = Some(call);
        }
    }

    /// The call of a token, once.
    pub fn forget(&self, token: u32) -> Option<CallId> {
        self.lock().cancellable.remove(&token).flatten()
    }

    /// Lets the process end though the connection is open.
    pub fn unref(&self, env: &Env) -> Result<()> {
        let queue = self.lock();
        // SAFETY: on the JavaScript thread, with a live function.
        let status = queue.wake.as_ref().map(|wake| unsafe { sys::napi_unref_threadsafe_function(env.raw(), wake.0) });
        check_status!(status.unwrap_or(sys::Status::napi_ok))
    }

    /// The opposite of [`Self::unref`].
    pub fn r#ref(&self, env: &Env) -> Result<()> {
        let queue = self.lock();
        // SAFETY: on the JavaScript thread, with a live function.
        let status = queue.wake.as_ref().map(|wake| unsafe { sys::napi_ref_threadsafe_function(env.raw(), wake.0) });
        check_status!(status.unwrap_or(sys::Status::napi_ok))
    }

    /// Lets the process end, and lets go of the event loop when every promise is settled. Any thread may call it.
    pub fn end(&self) {
        let mut queue = self.lock();
        queue.ending = true;
        queue.wake_up();
        queue.let_go_at_the_end();
    }
}

impl Queue {
    fn wake_up(&mut self) {
        if self.woken {
            return;
        }
        if let Some(wake) = &self.wake {
            self.woken = true;
            // SAFETY: a live function; `finalize` takes it out under this lock before it is freed.
            unsafe {
                sys::napi_call_threadsafe_function(
                    wake.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }

    fn let_go_at_the_end(&mut self) {
        if !self.ending || self.open > 0 {
            return;
        }
        if let Some(wake) = self.wake.take() {
            // SAFETY: the only reference, given back once; calls made before are still delivered.
            unsafe { sys::napi_release_threadsafe_function(wake.0, sys::ThreadsafeFunctionReleaseMode::release) };
        }
    }
}

/// The right to settle one promise. Dropped without having been used it rejects it: no promise is left open.
pub struct Settle {
    bridge: Bridge,
    deferred: Option<Deferred>,
}

impl Settle {
    /// Settles with a value that becomes a JavaScript value on the event loop.
    pub fn with<J: ToNapiValue + Send + 'static>(mut self, answer: std::result::Result<J, Error>) {
        let answer = answer.map(|value| {
            // SAFETY: called by the drain with the live environment.
            let convert: Convert = Box::new(move |env| unsafe { J::to_napi_value(env, value) });
            convert
        });
        self.answer(answer);
    }

    fn answer(&mut self, answer: std::result::Result<Convert, Error>) {
        if let Some(deferred) = self.deferred.take() {
            self.bridge.push(Item::Answer(deferred, answer));
        }
    }
}

impl Drop for Settle {
    fn drop(&mut self) {
        let code = libvirt_core::Code::InternalError;
        self.answer(Err(Error::own(code, "dropAnswer", "the call was given up without an answer")));
    }
}

unsafe extern "C" fn drain(env: sys::napi_env, _callback: sys::napi_value, context: *mut c_void, _data: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: `context` lives until `finalize`.
    let context = unsafe { &*context.cast::<Context>() };
    let mut items = {
        let mut queue = context.bridge.lock();
        queue.woken = false;
        std::mem::take(&mut queue.items)
    };
    // After the end nothing wakes the loop again: everything goes now.
    let closing = context.bridge.lock().wake.is_none();
    if items.len() > PER_TURN && !closing {
        let mut queue = context.bridge.lock();
        let mut rest = items.split_off(PER_TURN);
        rest.append(&mut queue.items);
        queue.items = rest;
        queue.wake_up();
    }
    let env = Env::from_raw(env);
    for item in items {
        context.handle(&env, item);
    }
    if context.bridge.lock().ending {
        // What is still open may be stuck in libvirt: the process doesn't wait for it. Nothing that can fail is at stake.
        let _ = context.bridge.unref(&env);
    }
}

impl Context {
    fn handle(&self, env: &Env, item: Item) {
        let mut scope = ptr::null_mut();
        // SAFETY: on the JavaScript thread; closed below.
        unsafe { sys::napi_open_handle_scope(env.raw(), &raw mut scope) };
        match item {
            Item::Answer(deferred, answer) => self.settle(env, deferred, answer),
            Item::Event(event) => {
                if let Err(thrown) = self.emit(env, event) {
                    throw_uncaught(env, thrown);
                }
            }
        }
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(env.raw(), scope) };
    }

    fn settle(&self, env: &Env, deferred: Deferred, answer: std::result::Result<Convert, Error>) {
        let value = match answer {
            Ok(convert) => convert(env.raw())
                .map_err(|error| Error::own(libvirt_core::Code::InternalError, "convertAnswer", error.reason.clone())),
            Err(error) => Err(error),
        };
        // SAFETY: on the JavaScript thread; each deferred is settled once.
        unsafe {
            match value {
                Ok(value) => sys::napi_resolve_deferred(env.raw(), deferred.0, value),
                Err(error) => sys::napi_reject_deferred(env.raw(), deferred.0, self.error_value(env, error)),
            };
        }
    }

    fn error_value(&self, env: &Env, error: Error) -> sys::napi_value {
        let text = error.message.clone();
        let arguments = (
            error.code.as_str().into_owned(),
            error.domain.to_owned(),
            error.level.as_str().to_owned(),
            error.message,
            error.call.to_owned(),
            error.object,
        );
        let made = self.make_error.borrow_back(env).and_then(|make| make.call(arguments.into()));
        made.map_or_else(|_| plain_error(env, &text), |value| napi::JsValue::raw(&value))
    }

    fn emit(&self, env: &Env, event: Event) -> Result<()> {
        let event = event_object(env, event)?;
        self.on_event.borrow_back(env)?.call((event,).into())
    }
}

/// A plain Error, for when the wrapper's constructor failed: a promise is never left open.
fn plain_error(env: &Env, text: &str) -> sys::napi_value {
    let mut error = ptr::null_mut();
    if let Ok(message) = env.create_string(text) {
        // SAFETY: on the JavaScript thread, with a live string.
        unsafe {
            sys::napi_create_error(env.raw(), ptr::null_mut(), napi::JsValue::raw(&message), &raw mut error);
        }
    }
    error
}

/// A listener threw: the process hears of it as of any uncaught exception.
fn throw_uncaught(env: &Env, thrown: napi::Error) {
    // SAFETY: on the JavaScript thread; what napi took from the environment is given back to it.
    unsafe {
        let exception = napi::JsError::from(thrown).into_value(env.raw());
        sys::napi_fatal_exception(env.raw(), exception);
    }
}

unsafe extern "C" fn finalize(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: made by Box::into_raw in `new`; called once.
    let context = unsafe { Box::from_raw(data.cast::<Context>()) };
    let mut queue = context.bridge.lock();
    queue.wake = None;
    queue.items.clear();
}

/// An error of this layer itself.
pub fn refused(message: &str) -> napi::Error {
    napi::Error::new(Status::InvalidArg, message.to_owned())
}
