import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { layoutOf, type StackLayout } from './layout.ts';
import { startLibvirtd, type LibvirtdOptions, type RunningLibvirtd } from './libvirtd.ts';
import { startNats, type NatsOptions, type RunningNats } from './nats.ts';
import type { NatsUser } from './nats-config.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';

/** A folder of its own for one test file: several may run at once, on any checkout. */
export interface TemporaryState extends StackLayout {
  /** Removes the folder and the socket folder. Stop what runs in it first. */
  readonly remove: () => void;
}

export function temporaryState(): TemporaryState {
  const layout = layoutOf(mkdtempSync(path.join(tmpdir(), 'ib-test-')));
  for (const dir of [layout.runDir, layout.logDir, layout.agentSocketDir, layout.screenSocketDir])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    ...layout,
    remove: () => {
      for (const dir of [layout.stateDir, layout.socketDir]) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL without fsync on a free port. `adminUrl()` connects as superuser. */
export function startTestPostgres(state: StackLayout): Promise<RunningPostgres> {
  return startPostgres({
    dataDir: path.join(state.postgresDir, 'data'),
    runDir: state.runDir,
    logFile: path.join(state.logDir, 'postgres.log'),
    superuserPassword: 'test',
    durable: false,
  });
}

/** The user of `startTestNats` when none are given: may do everything. */
export const testNatsUser: NatsUser = {
  user: 'test',
  password: randomBytes(12).toString('hex'),
  permissions: { publish: ['>'], subscribe: ['>'] },
  keepsStreams: true,
};

/** Users of one account, or accounts that are kept apart. */
export type TestNatsAccess = readonly NatsUser[] | Pick<NatsOptions, 'accounts' | 'teams'>;

export function startTestNats(state: StackLayout, access: TestNatsAccess = [testNatsUser]): Promise<RunningNats> {
  return startNats({
    dataDir: state.natsDir,
    runDir: state.runDir,
    logFile: path.join(state.logDir, 'nats.log'),
    ...('length' in access ? { users: access } : access),
  });
}

/** Needs root and Debian's libvirt and QEMU; `missingForLibvirtd()` tells. */
export function startTestLibvirtd(
  state: StackLayout,
  options: Pick<LibvirtdOptions, 'qemuUser'> = {},
): Promise<RunningLibvirtd> {
  return startLibvirtd({
    stateDir: state.libvirtDir,
    socketDir: state.libvirtSocketDir,
    networkNamespace: state.networkNamespace,
    hostName: `infinibay-${state.id}`,
    runDir: state.runDir,
    logFile: path.join(state.logDir, 'libvirtd.log'),
    ...options,
  });
}
