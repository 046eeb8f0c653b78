//! One libvirt connection, used by one thread at a time, with the handles that this thread looked up before.

use std::hash::Hash;

use libc::c_int;
use rustc_hash::FxHashMap;
use virt_sys as sys;

use crate::credentials::{self, KeepAlive};
use crate::error::{Code, Error, Result};
use crate::ffi::{Handle, Object, check};
use crate::pool::Options;
use crate::uuid::Uuid;

/// Handles kept per connection; beyond it the cache starts anew rather than grow with every VM that ever lived.
const CACHED_HANDLES: usize = 4096;

/// One connection to a daemon or an in-process driver. The operations are in `ops`.
pub struct Session {
    // Declared before `connection`, so dropped before it.
    pub(crate) domains: Cache<Uuid, sys::virDomain>,
    pub(crate) networks: Cache<Uuid, sys::virNetwork>,
    pub(crate) filters: Cache<Uuid, sys::virNWFilter>,
    pub(crate) pools: Cache<Uuid, sys::virStoragePool>,
    /// Freed when the call is answered: freeing the records of 1,000 domains takes as long as reading them.
    leftovers: Vec<Box<dyn Send>>,
    /// Guests end with this connection.
    holds_guests: bool,
    connection: Handle<sys::virConnect>,
}

impl Session {
    /// Opens a connection of its own and arms its keep-alive.
    pub(crate) fn open(options: &Options) -> Result<Self> {
        let session = Self::over(credentials::open(&options.uri, options.read_only, options.auth.as_ref())?);
        session.arm_keep_alive(options.keep_alive);
        Ok(session)
    }

    /// A second session over the same connection. Only for in-process drivers, whose connections share no socket.
    pub(crate) fn share(&self) -> Result<Self> {
        // SAFETY: a live connection; the reference taken here is owned by the new handle.
        check(unsafe { sys::virConnectRef(self.conn()) }, "virConnectRef")?;
        Ok(Self::over(Handle::own(self.conn(), "virConnectRef")?))
    }

    fn over(connection: Handle<sys::virConnect>) -> Self {
        Self {
            domains: Cache::default(),
            networks: Cache::default(),
            filters: Cache::default(),
            pools: Cache::default(),
            leftovers: Vec::new(),
            holds_guests: false,
            connection,
        }
    }

    fn arm_keep_alive(&self, KeepAlive { interval_seconds, count }: KeepAlive) {
        // libvirt's 0 answers the daemon's probes and sends none.
        let interval = c_int::try_from(interval_seconds).unwrap_or(c_int::MAX);
        // SAFETY: a live connection.
        if unsafe { sys::virConnectSetKeepAlive(self.conn(), interval, count) } < 0 {
            // In-process drivers have no keep-alive, and nothing to keep alive.
            drop(Error::last("virConnectSetKeepAlive"));
        }
    }

    pub(crate) fn conn(&self) -> *mut sys::virConnect {
        self.connection.as_ptr()
    }

    /// Keeps a call's raw answer until the caller has his.
    pub(crate) fn free_later(&mut self, raw: impl Send + 'static) {
        self.leftovers.push(Box::new(raw));
    }

    pub(crate) fn has_leftovers(&self) -> bool {
        !self.leftovers.is_empty()
    }

    /// A guest is about to be started that ends with this connection.
    pub(crate) fn hold_guest(&mut self) {
        self.holds_guests = true;
    }

    /// Whether this connection may not end before all others do.
    pub(crate) fn holds_guests(&self) -> bool {
        self.holds_guests
    }

    /// Frees what answered calls left.
    pub(crate) fn free_leftovers(&mut self) {
        self.leftovers.clear();
    }

    /// Whether the link to the daemon still stands.
    pub(crate) fn alive(&self) -> bool {
        // SAFETY: a live connection pointer; the call looks at the socket's state only.
        let alive = unsafe { sys::virConnectIsAlive(self.conn()) };
        if alive < 0 {
            drop(Error::last("virConnectIsAlive"));
        }
        alive == 1
    }
}

/// Handles by key. A handle outlives a redefinition of its object: libvirt finds the object by UUID at each call.
pub(crate) struct Cache<K, T: Object>(FxHashMap<K, Handle<T>>);

impl<K, T: Object> Default for Cache<K, T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Copy + Eq + Hash + ToString, T: Object> Cache<K, T> {
    /// Drops the handle of `key`, whose name has changed.
    pub(crate) fn forget(&mut self, key: K) {
        self.0.remove(&key);
    }

    /// Runs `act` on the handle of `key`, looking it up at first use and forgetting it when libvirt says that it is gone.
    pub(crate) fn with<R>(
        &mut self,
        key: K,
        look_up: impl FnOnce() -> Result<Handle<T>>,
        act: impl FnOnce(*mut T) -> Result<R>,
    ) -> Result<R> {
        let pointer = match self.0.get(&key) {
            Some(handle) => handle.as_ptr(),
            None => look_up().map_err(|e| e.about(key.to_string()))?.keep_in(&mut self.0, key),
        };
        act(pointer).map_err(|error| {
            if is_gone(error.code) {
                self.0.remove(&key);
            }
            error.about(key.to_string())
        })
    }
}

impl<T: Object> Handle<T> {
    fn keep_in<K: Eq + Hash>(self, cache: &mut FxHashMap<K, Self>, key: K) -> *mut T {
        if cache.len() >= CACHED_HANDLES {
            cache.clear();
        }
        let pointer = self.as_ptr();
        cache.insert(key, self);
        pointer
    }
}

fn is_gone(code: Code) -> bool {
    matches!(
        code,
        Code::NoDomain
            | Code::InvalidDomain
            | Code::NoNetwork
            | Code::InvalidNetwork
            | Code::NoNwfilter
            | Code::InvalidNwfilter
            | Code::NoStoragePool
            | Code::InvalidStoragePool
    )
}
