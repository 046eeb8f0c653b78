//! The stable names of what libvirt refuses with. Numbers are libvirt's ABI; a number that this table
//! doesn't have (a newer libvirt) decodes to [`Code::Unknown`] and is never an error of its own.

use std::borrow::Cow;

macro_rules! codes {
    ($($variant:ident = $raw:literal, $name:literal;)*) => {
        /// Why a call failed. `Known` names are stable strings; see [`Code::as_str`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Code {
            $($variant,)*
            /// The call didn't end before its deadline (or the queue didn't reach it).
            Timeout,
            /// The caller gave the call up.
            Cancelled,
            /// The connection was closed by its owner.
            Closed,
            /// The daemon is gone; a reconnect is under way.
            Disconnected,
            /// The domain does not answer, and another call is probing it.
            Quarantined,
            /// Our own code panicked while it made the call.
            Panic,
            /// A number that this version doesn't know.
            Unknown(i32),
        }

        impl Code {
            /// Decodes libvirt's number (`virErrorNumber`).
            pub fn from_raw(raw: i32) -> Self {
                match raw {
                    $($raw => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }

            /// The stable name: libvirt's own without `VIR_ERR_`, or one of ours
            /// (`TIMEOUT`, `CANCELLED`, `CLOSED`, `DISCONNECTED`, `QUARANTINED`, `PANIC`), or `UNKNOWN_<number>`.
            pub fn as_str(self) -> Cow<'static, str> {
                Cow::Borrowed(match self {
                    $(Self::$variant => $name,)*
                    Self::Timeout => "TIMEOUT",
                    Self::Cancelled => "CANCELLED",
                    Self::Closed => "CLOSED",
                    Self::Disconnected => "DISCONNECTED",
                    Self::Quarantined => "QUARANTINED",
                    Self::Panic => "PANIC",
                    Self::Unknown(raw) => return Cow::Owned(format!("UNKNOWN_{raw}")),
                })
            }

            /// Every name that libvirt can answer with, for documentation and for typed wrappers.
            pub const LIBVIRT_NAMES: &'static [&'static str] = &[$($name,)*];
        }
    };
}

codes! {
    InternalError = 1, "INTERNAL_ERROR";
    NoMemory = 2, "NO_MEMORY";
    NoSupport = 3, "NO_SUPPORT";
    UnknownHost = 4, "UNKNOWN_HOST";
    NoConnect = 5, "NO_CONNECT";
    InvalidConn = 6, "INVALID_CONN";
    InvalidDomain = 7, "INVALID_DOMAIN";
    InvalidArg = 8, "INVALID_ARG";
    OperationFailed = 9, "OPERATION_FAILED";
    GetFailed = 10, "GET_FAILED";
    PostFailed = 11, "POST_FAILED";
    HttpError = 12, "HTTP_ERROR";
    SexprSerial = 13, "SEXPR_SERIAL";
    NoXen = 14, "NO_XEN";
    XenCall = 15, "XEN_CALL";
    OsType = 16, "OS_TYPE";
    NoKernel = 17, "NO_KERNEL";
    NoRoot = 18, "NO_ROOT";
    NoSource = 19, "NO_SOURCE";
    NoTarget = 20, "NO_TARGET";
    NoName = 21, "NO_NAME";
    NoOs = 22, "NO_OS";
    NoDevice = 23, "NO_DEVICE";
    NoXenstore = 24, "NO_XENSTORE";
    DriverFull = 25, "DRIVER_FULL";
    CallFailed = 26, "CALL_FAILED";
    XmlError = 27, "XML_ERROR";
    DomExist = 28, "DOM_EXIST";
    OperationDenied = 29, "OPERATION_DENIED";
    OpenFailed = 30, "OPEN_FAILED";
    ReadFailed = 31, "READ_FAILED";
    ParseFailed = 32, "PARSE_FAILED";
    ConfSyntax = 33, "CONF_SYNTAX";
    WriteFailed = 34, "WRITE_FAILED";
    XmlDetail = 35, "XML_DETAIL";
    InvalidNetwork = 36, "INVALID_NETWORK";
    NetworkExist = 37, "NETWORK_EXIST";
    SystemError = 38, "SYSTEM_ERROR";
    Rpc = 39, "RPC";
    GnutlsError = 40, "GNUTLS_ERROR";
    NoDomain = 42, "NO_DOMAIN";
    NoNetwork = 43, "NO_NETWORK";
    InvalidMac = 44, "INVALID_MAC";
    AuthFailed = 45, "AUTH_FAILED";
    InvalidStoragePool = 46, "INVALID_STORAGE_POOL";
    InvalidStorageVol = 47, "INVALID_STORAGE_VOL";
    NoStoragePool = 49, "NO_STORAGE_POOL";
    NoStorageVol = 50, "NO_STORAGE_VOL";
    InvalidNodeDevice = 52, "INVALID_NODE_DEVICE";
    NoNodeDevice = 53, "NO_NODE_DEVICE";
    NoSecurityModel = 54, "NO_SECURITY_MODEL";
    OperationInvalid = 55, "OPERATION_INVALID";
    NoInterface = 57, "NO_INTERFACE";
    InvalidInterface = 58, "INVALID_INTERFACE";
    MultipleInterfaces = 59, "MULTIPLE_INTERFACES";
    InvalidNwfilter = 61, "INVALID_NWFILTER";
    NoNwfilter = 62, "NO_NWFILTER";
    BuildFirewall = 63, "BUILD_FIREWALL";
    InvalidSecret = 65, "INVALID_SECRET";
    NoSecret = 66, "NO_SECRET";
    ConfigUnsupported = 67, "CONFIG_UNSUPPORTED";
    OperationTimeout = 68, "OPERATION_TIMEOUT";
    MigratePersistFailed = 69, "MIGRATE_PERSIST_FAILED";
    HookScriptFailed = 70, "HOOK_SCRIPT_FAILED";
    InvalidDomainSnapshot = 71, "INVALID_DOMAIN_SNAPSHOT";
    NoDomainSnapshot = 72, "NO_DOMAIN_SNAPSHOT";
    InvalidStream = 73, "INVALID_STREAM";
    ArgumentUnsupported = 74, "ARGUMENT_UNSUPPORTED";
    StorageProbeFailed = 75, "STORAGE_PROBE_FAILED";
    StoragePoolBuilt = 76, "STORAGE_POOL_BUILT";
    SnapshotRevertRisky = 77, "SNAPSHOT_REVERT_RISKY";
    OperationAborted = 78, "OPERATION_ABORTED";
    AuthCancelled = 79, "AUTH_CANCELLED";
    NoDomainMetadata = 80, "NO_DOMAIN_METADATA";
    MigrateUnsafe = 81, "MIGRATE_UNSAFE";
    Overflow = 82, "OVERFLOW";
    BlockCopyActive = 83, "BLOCK_COPY_ACTIVE";
    OperationUnsupported = 84, "OPERATION_UNSUPPORTED";
    Ssh = 85, "SSH";
    AgentUnresponsive = 86, "AGENT_UNRESPONSIVE";
    ResourceBusy = 87, "RESOURCE_BUSY";
    AccessDenied = 88, "ACCESS_DENIED";
    DbusService = 89, "DBUS_SERVICE";
    StorageVolExist = 90, "STORAGE_VOL_EXIST";
    CpuIncompatible = 91, "CPU_INCOMPATIBLE";
    XmlInvalidSchema = 92, "XML_INVALID_SCHEMA";
    MigrateFinishOk = 93, "MIGRATE_FINISH_OK";
    AuthUnavailable = 94, "AUTH_UNAVAILABLE";
    NoServer = 95, "NO_SERVER";
    NoClient = 96, "NO_CLIENT";
    AgentUnsynced = 97, "AGENT_UNSYNCED";
    Libssh = 98, "LIBSSH";
    DeviceMissing = 99, "DEVICE_MISSING";
    InvalidNwfilterBinding = 100, "INVALID_NWFILTER_BINDING";
    NoNwfilterBinding = 101, "NO_NWFILTER_BINDING";
    InvalidDomainCheckpoint = 102, "INVALID_DOMAIN_CHECKPOINT";
    NoDomainCheckpoint = 103, "NO_DOMAIN_CHECKPOINT";
    NoDomainBackup = 104, "NO_DOMAIN_BACKUP";
    InvalidNetworkPort = 105, "INVALID_NETWORK_PORT";
    NetworkPortExist = 106, "NETWORK_PORT_EXIST";
    NoNetworkPort = 107, "NO_NETWORK_PORT";
    NoHostname = 108, "NO_HOSTNAME";
    CheckpointInconsistent = 109, "CHECKPOINT_INCONSISTENT";
    MultipleDomains = 110, "MULTIPLE_DOMAINS";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_numbers_have_libvirts_names() {
        assert_eq!(Code::from_raw(42).as_str(), "NO_DOMAIN");
        assert_eq!(Code::from_raw(3).as_str(), "NO_SUPPORT");
        assert_eq!(Code::from_raw(100_000).as_str(), "UNKNOWN_100000");
    }

    proptest! {
        #[test]
        fn every_number_decodes_and_keeps_one_name(raw in any::<i32>()) {
            let code = Code::from_raw(raw);
            prop_assert!(!code.as_str().is_empty());
            prop_assert_eq!(code, Code::from_raw(raw));
        }
    }
}
