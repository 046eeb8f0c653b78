import { createRequire } from 'node:module';
import type { NativeConnection, NativeOptions } from './generated/addon.js';
import type { CredentialsEvent } from './credentials.js';
import type { ConnectionEvent } from './events.js';

/** Builds the error that a promise is rejected with. */
export type MakeError = (
  code: string,
  domain: string,
  level: string,
  message: string,
  call: string,
  object?: string | null,
) => Error;

/** Takes an event. The addon speaks the kinds and words of this package's types, for they are built together. */
export type OnEvent = (event: ConnectionEvent | CredentialsEvent) => void;

/** What the compiled addon exports. */
export interface Addon {
  allocatedForTest(): number;
  answerCredentials(id: number, answers: readonly (string | null)[] | null): void;
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
