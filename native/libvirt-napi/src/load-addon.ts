import { createRequire } from 'node:module';
import type { NativeConnection, NativeOptions } from './addon.js';

/** Builds the error that a promise is rejected with. */
export type MakeError = (
  code: string,
  domain: string,
  level: string,
  message: string,
  call: string,
  object?: string | null,
) => Error;

/** Takes an event; what it has no value for is null. */
export type OnEvent = (
  kind: string,
  uuid?: string | null,
  name?: string | null,
  event?: string | null,
  detail?: string | null,
) => void;

/** What the compiled addon exports. */
export interface Addon {
  openConnection(options: NativeOptions, makeError: MakeError, onEvent: OnEvent): Promise<NativeConnection>;
}

let loaded: Addon | undefined;

/** Loads the addon at first use, so that importing this package's types and errors needs no native build. */
export function loadAddon(): Addon {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`@infinibay/libvirt is built for linux-x64 only, this is ${process.platform}-${process.arch}`);
  }
  loaded ??= createRequire(import.meta.url)('../libvirt.linux-x64-gnu.node') as Addon;
  return loaded;
}
