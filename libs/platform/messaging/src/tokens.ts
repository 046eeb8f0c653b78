export const NATS_CONNECTION = Symbol('NATS_CONNECTION');
export const MESSAGING_LOGGER = Symbol('MESSAGING_LOGGER');
export const MESSAGING_METRICS = Symbol('MESSAGING_METRICS');
export const MESSAGING_SERVICE = Symbol('MESSAGING_SERVICE');
/** PeerClocks of this process. */
export const MESSAGING_CLOCKS = Symbol('MESSAGING_CLOCKS');
