import type { Scene } from './scene.ts';

/** One fault at one place. */
export interface Row {
  readonly name: string;
  /** Short enough for every run of the tests. */
  readonly quick: boolean;
  /** How long VMs and operations may take to be as they shall, from the end of the fault. */
  readonly boundMs: (guests: number) => number;
  /** Asks for something and does the fault. */
  readonly run: (scene: Scene) => Promise<Fault>;
}

/** What was done. */
export interface Fault {
  /** When it was over, by the clock of `performance`. */
  readonly overAt: number;
  /** How many guests libvirt had when it was killed: each is taken up again. */
  readonly guests: number;
}

/** It is over at this moment. @param guests where libvirtd was killed */
export const overNow = (guests = 0): Fault => ({ overAt: performance.now(), guests });

/** After a service was killed, from its end: its restart is in it. */
export const SERVICE_BOUND_MS = 15_000;
/** After NATS or PostgreSQL has ended, or is back after having been away. */
export const SERVER_BOUND_MS = 10_000;
export const NATS_STORE_BOUND_MS = 30_000;
export const REBOOT_BOUND_MS = 60_000;
/** Whatever a fault leaves is gone by then. */
export const CLEAN_BOUND_MS = 60_000;

/** libvirt takes up its guests one by one, and makes the filter of each anew. */
export const libvirtBoundMs = (guests: number): number => 5_000 + 1_500 * guests;
