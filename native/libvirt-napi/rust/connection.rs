//! The connection: opening, closing, the host, and how every call is queued.

use std::sync::Arc;
use std::time::Duration;

use libvirt_core::ops::connection as host;
use libvirt_core::{Connection, Error, KeepAlive, Options, Request, Session, Uuid};
use napi::bindgen_prelude::{FnArgs, Function, PromiseRaw, ToNapiValue};
use napi::{Env, Result};
use napi_derive::napi;

use crate::bridge::{Bridge, MakeError, OnEvent};
use crate::credentials::ask_javascript;
use crate::number::{Count, Uint32};

/// How to connect.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    pub uri: String,
    pub read_only: bool,
    pub workers: Uint32,
    pub call_timeout_ms: Uint32,
    /// Seconds between two probes, and how many may stay unanswered.
    pub keep_alive_seconds: Count,
    pub keep_alive_count: Uint32,
    /// Whether `credentials` events are answered.
    pub asks_credentials: bool,
    pub monitor_events: bool,
}

/// Version numbers, each major * 1000000 + minor * 1000 + release.
#[napi(object, object_from_js = false)]
pub struct Versions {
    /// The libvirt that answers: the daemon's, or this process's for in-process drivers.
    pub daemon: f64,
    /// The hypervisor's, e.g. QEMU's.
    pub hypervisor: f64,
    /// The libvirt library that this process loaded.
    pub library: f64,
}

/// The host's hardware.
#[napi(object, object_from_js = false)]
pub struct NodeInfo {
    /// CPU model, e.g. `x86_64`.
    pub model: String,
    /// Memory in KiB.
    pub memory_kib: f64,
    /// Active logical CPUs.
    pub cpus: u32,
    /// MHz as the driver reports it; 0 when unknown.
    pub mhz: u32,
    /// NUMA nodes; 1 for unusual topologies.
    pub numa_nodes: u32,
    /// Sockets per node.
    pub sockets: u32,
    /// Cores per socket.
    pub cores: u32,
    /// Threads per core.
    pub threads: u32,
}

/// Which domain capabilities are asked for; the driver's defaults where absent.
#[napi(object)]
pub struct CapabilityQuery {
    /// Path of the emulator.
    pub emulator: Option<String>,
    /// e.g. `x86_64`
    pub arch: Option<String>,
    /// e.g. `q35`
    pub machine: Option<String>,
    /// e.g. `kvm` or `qemu`
    pub virt_type: Option<String>,
}

/// A connection. Every call ends with its deadline in ms (0: the connection's) and a token (0: can't be cancelled).
#[napi]
pub struct NativeConnection {
    pub(crate) inner: Arc<Connection>,
    pub(crate) bridge: Bridge,
}

/// Opens a connection on a thread of its own.
#[napi]
pub fn open_connection<'env>(
    env: &'env Env,
    options: NativeOptions,
    #[napi(
        ts_arg_type = "(code: string, domain: string, level: string, message: string, call: string, object?: string | null) => Error"
    )]
    make_error: Function<'env, FnArgs<MakeError>, napi::Unknown<'static>>,
    #[napi(ts_arg_type = "(event: object) => void")] on_event: Function<'env, FnArgs<OnEvent>, ()>,
) -> Result<PromiseRaw<'env, NativeConnection>> {
    let bridge = Bridge::new(env, &make_error, &on_event)?;
    let (promise, settle) = bridge.promise(env)?;
    let sink = bridge.clone();
    let call_timeout = Duration::from_millis(u64::from(options.call_timeout_ms.0));
    let options = Options {
        uri: options.uri,
        read_only: options.read_only,
        workers: options.workers.0 as usize,
        call_timeout,
        keep_alive: KeepAlive { interval_seconds: options.keep_alive_seconds.0, count: options.keep_alive_count.0 },
        auth: options.asks_credentials.then(|| ask_javascript(&bridge, call_timeout)),
        monitor_events: options.monitor_events,
    };
    Connection::open_in_background(options, Arc::new(move |event| sink.tell(event)), move |opened| {
        let failed = opened.is_err();
        let (held, flushed) = (bridge.clone(), bridge.clone());
        settle.with(opened.map(|inner| {
            inner.batch_answers(move || flushed.flush());
            NativeConnection { inner: Arc::new(inner), bridge: held }
        }));
        if failed {
            bridge.end();
        }
    });
    Ok(promise)
}

impl NativeConnection {
    /// Queues a call and gives its promise.
    pub(crate) fn queue<'env, T, J>(
        &self,
        env: &'env Env,
        request: Request,
        token: u32,
        run: impl FnOnce(&mut Session) -> std::result::Result<T, Error> + Send + 'static,
    ) -> Result<PromiseRaw<'env, J>>
    where
        T: Send + 'static,
        J: From<T> + ToNapiValue + Send + 'static,
    {
        let (promise, settle) = self.bridge.promise::<J>(env)?;
        let bridge = self.bridge.clone();
        // Before, for the answer may come before the call's number does.
        if token != 0 {
            bridge.expect(token);
        }
        let id = self.inner.submit(request, run, move |answer| {
            if token != 0 {
                bridge.forget(token);
            }
            settle.with(answer.map(J::from));
        });
        if token != 0 {
            self.bridge.remember(token, id);
        }
        Ok(promise)
    }

    /// As [`Self::queue`] for a call about the host.
    pub(crate) fn host<'env, T, J>(
        &self,
        env: &'env Env,
        call: &'static str,
        (timeout_ms, token): (u32, u32),
        run: impl FnOnce(&mut Session) -> std::result::Result<T, Error> + Send + 'static,
    ) -> Result<PromiseRaw<'env, J>>
    where
        T: Send + 'static,
        J: From<T> + ToNapiValue + Send + 'static,
    {
        self.queue(env, Request { timeout: deadline(timeout_ms), ..Request::new(call) }, token, run)
    }

    /// As [`Self::queue`] for a call about the object with this UUID, which is not a domain.
    pub(crate) fn object<'env, T, J>(
        &self,
        env: &'env Env,
        call: &'static str,
        uuid: String,
        limits: (u32, u32),
        run: impl FnOnce(&mut Session, Uuid) -> std::result::Result<T, Error> + Send + 'static,
    ) -> Result<PromiseRaw<'env, J>>
    where
        T: Send + 'static,
        J: From<T> + ToNapiValue + Send + 'static,
    {
        match uuid.parse::<Uuid>() {
            Ok(uuid) => self.host(env, call, limits, move |session| run(session, uuid)),
            Err(error) => self.refuse(env, Error { call, ..error }),
        }
    }

    /// As [`Self::queue`] for a call on a domain, which it may hang on.
    pub(crate) fn domain<'env, T, J>(
        &self,
        env: &'env Env,
        call: &'static str,
        uuid: String,
        (timeout_ms, token): (u32, u32),
        run: impl FnOnce(&mut Session, Uuid) -> std::result::Result<T, Error> + Send + 'static,
    ) -> Result<PromiseRaw<'env, J>>
    where
        T: Send + 'static,
        J: From<T> + ToNapiValue + Send + 'static,
    {
        match uuid.parse::<Uuid>() {
            Ok(uuid) => {
                let request = Request { call, subject: Some(uuid), timeout: deadline(timeout_ms) };
                self.queue(env, request, token, move |session| run(session, uuid))
            }
            Err(error) => self.refuse(env, Error { call, ..error }),
        }
    }

    /// A promise that is rejected.
    pub(crate) fn refuse<'env, J: ToNapiValue + Send + 'static>(
        &self,
        env: &'env Env,
        error: Error,
    ) -> Result<PromiseRaw<'env, J>> {
        let (promise, settle) = self.bridge.promise::<J>(env)?;
        settle.with::<J>(Err(error));
        Ok(promise)
    }
}

pub(crate) fn deadline(timeout_ms: u32) -> Option<Duration> {
    (timeout_ms > 0).then(|| Duration::from_millis(u64::from(timeout_ms)))
}

#[napi]
impl NativeConnection {
    #[napi]
    pub fn is_up(&self) -> bool {
        self.inner.is_up()
    }

    #[napi]
    pub fn cancel(&self, token: u32) {
        if let Some(call) = self.bridge.forget(token) {
            self.inner.cancel(call);
        }
    }

    #[napi]
    pub fn close<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let (promise, settle) = self.bridge.promise::<()>(env)?;
        let bridge = self.bridge.clone();
        self.inner.close(move || {
            settle.with::<()>(Ok(()));
            bridge.end();
        });
        Ok(promise)
    }

    #[napi(js_name = "ref")]
    pub fn keep_alive(&self, env: &Env) -> Result<()> {
        self.bridge.r#ref(env)
    }

    #[napi]
    pub fn unref(&self, env: &Env) -> Result<()> {
        self.bridge.unref(env)
    }

    #[napi]
    pub fn ping<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, ()>> {
        self.host(env, "ping", (timeout_ms, token), Session::ping)
    }

    #[napi]
    pub fn hostname<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "hostname", (timeout_ms, token), Session::hostname)
    }

    #[napi]
    pub fn driver<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "driver", (timeout_ms, token), Session::driver)
    }

    #[napi]
    pub fn uri<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "uri", (timeout_ms, token), Session::uri)
    }

    #[napi]
    pub fn versions<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, Versions>> {
        self.host(env, "versions", (timeout_ms, token), Session::versions)
    }

    #[napi]
    pub fn node_info<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, NodeInfo>> {
        self.host(env, "nodeInfo", (timeout_ms, token), Session::node_info)
    }

    #[napi]
    pub fn free_memory<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, f64>> {
        self.host(env, "freeMemory", (timeout_ms, token), |session| session.free_memory().map(number))
    }

    #[napi]
    pub fn capabilities<'env>(&self, env: &'env Env, timeout_ms: u32, token: u32) -> Result<PromiseRaw<'env, String>> {
        self.host(env, "capabilities", (timeout_ms, token), Session::capabilities)
    }

    #[napi]
    pub fn domain_capabilities<'env>(
        &self,
        env: &'env Env,
        query: CapabilityQuery,
        timeout_ms: u32,
        token: u32,
    ) -> Result<PromiseRaw<'env, String>> {
        let CapabilityQuery { emulator, arch, machine, virt_type } = query;
        let query = host::CapabilityQuery { emulator, arch, machine, virt_type };
        self.host(env, "domainCapabilities", (timeout_ms, token), move |session| session.domain_capabilities(&query))
    }
}

/// libvirt's 64-bit counters as JavaScript numbers: exact up to 2^53, nearest above.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn number(value: u64) -> f64 {
    value as f64
}

impl From<host::Versions> for Versions {
    fn from(v: host::Versions) -> Self {
        Self { daemon: number(v.daemon), hypervisor: number(v.hypervisor), library: number(v.library) }
    }
}

impl From<host::NodeInfo> for NodeInfo {
    fn from(n: host::NodeInfo) -> Self {
        Self {
            model: n.model,
            memory_kib: number(n.memory_kib),
            cpus: n.cpus,
            mhz: n.mhz,
            numa_nodes: n.numa_nodes,
            sockets: n.sockets,
            cores: n.cores,
            threads: n.threads,
        }
    }
}
