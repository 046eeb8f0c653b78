import { SCHEMA_NAMES } from '@infinibay/contracts';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { STREAMS_USER } from '../nats/accounts.ts';
import { ensureDatabase } from './database.ts';
import type { StackLayout } from './layout.ts';
import { libvirtUri, startLibvirtd, type RunningLibvirtd } from './libvirtd.ts';
import { livenessTimes } from './liveness.ts';
import { applyMigrations, hasAdministrator } from './migrations.ts';
import { natsLiveness } from './nats-liveness.ts';
import { stackNatsAccounts } from './nats-users.ts';
import { startNats } from './nats.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';
import type { StackSecrets } from './secrets.ts';
import type { PortName } from './services.ts';
import { SupervisedProcess } from './supervised-process.ts';

export interface InfrastructureInputs {
  readonly layout: StackLayout;
  readonly secrets: StackSecrets;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly say: (line: string) => void;
  readonly restarting: (name: string, reason: string) => void;
  readonly silenceSeconds: number;
  readonly stableAfterMs: number;
  /** Hosts beside the first one. */
  readonly furtherHostIds: readonly string[];
}

/** A part that was started, and how it is ended. */
export interface StackPart {
  readonly name: string;
  readonly process: SupervisedProcess;
  readonly stop: () => Promise<void>;
}

const logOf = (layout: StackLayout, name: string): string => path.join(layout.logDir, `${name}.log`);

export async function startPostgresPart({
  layout,
  secrets,
  ports,
  say,
  restarting,
  stableAfterMs,
}: InfrastructureInputs): Promise<{ part: StackPart; postgres: RunningPostgres }> {
  const launch = (): Promise<RunningPostgres> =>
    startPostgres({
      dataDir: path.join(layout.postgresDir, 'data'),
      runDir: layout.runDir,
      logFile: logOf(layout, 'postgres'),
      superuserPassword: secrets.postgresPassword,
      port: ports.postgres,
    });
  let first: RunningPostgres | undefined;
  const process = new SupervisedProcess(
    'postgres',
    async () => {
      const running = await launch();
      first ??= running;
      return running.child;
    },
    { say, restarting, stableAfterMs },
  );
  await process.start();
  if (first === undefined) throw new Error('start() returns only after the first launch');
  return { part: { name: 'postgres', process, stop: () => process.stop() }, postgres: first };
}

export async function startNatsPart(inputs: InfrastructureInputs): Promise<StackPart> {
  const { layout, secrets, ports, say, restarting, stableAfterMs } = inputs;
  const watched = {
    url: `nats://127.0.0.1:${String(ports.nats)}`,
    password: secrets.natsPasswords[STREAMS_USER] ?? '',
    storeDir: layout.natsDir,
    say,
  };
  const process = new SupervisedProcess(
    'nats',
    async () => {
      const nats = await startNats({
        dataDir: layout.natsDir,
        runDir: layout.runDir,
        logFile: logOf(layout, 'nats'),
        accounts: stackNatsAccounts(secrets.natsPasswords, secrets.hostId, inputs.furtherHostIds),
        port: ports.nats,
        monitorPort: ports.natsMonitor,
      });
      return nats.child;
    },
    { say, restarting, stableAfterMs },
    natsLiveness(watched, livenessTimes(inputs.silenceSeconds)),
  );
  await process.start();
  return { name: 'nats', process, stop: () => process.stop() };
}

export async function startLibvirtPart({
  layout,
  say,
  restarting,
  stableAfterMs,
}: InfrastructureInputs): Promise<StackPart> {
  let running: RunningLibvirtd | undefined;
  const process = new SupervisedProcess(
    'libvirtd',
    async () => {
      running = await startLibvirtd({
        stateDir: layout.libvirtDir,
        socketDir: layout.libvirtSocketDir,
        networkNamespace: layout.networkNamespace,
        hostName: `infinibay-${layout.id}`,
        runDir: layout.runDir,
        logFile: logOf(layout, 'libvirtd'),
      });
      return running.child;
    },
    { say, restarting, stableAfterMs },
  );
  await process.start();
  return {
    name: 'libvirtd',
    process,
    stop: async () => {
      await running?.shutDownGuests();
      await process.stop();
      await running?.stop({ guestTimeoutMs: 0 });
    },
  };
}

/** Database, roles, schemas and migrations. Returns whether there is no administrator yet. */
export async function prepareDatabase(
  { layout, secrets, ports, say }: InfrastructureInputs,
  postgres: RunningPostgres,
): Promise<{ firstStart: boolean }> {
  const roles = SCHEMA_NAMES.map((name) => ({ name, password: secrets.databasePasswords[name] ?? '' }));
  const databaseIsNew = await ensureDatabase(postgres.adminUrl, roles);
  const migrated = await applyMigrations(
    { layout, port: ports.postgres, adminUrl: postgres.adminUrl, passwords: secrets.databasePasswords, databaseIsNew },
    SCHEMA_NAMES,
  );
  if (migrated.length > 0) say(`migrations applied: ${migrated.join(', ')}`);
  return { firstStart: !(await hasAdministrator(postgres.adminUrl)) };
}

/** Folders that services write to. */
export function prepareFolders(layout: StackLayout): void {
  for (const dir of [
    layout.stateDir,
    layout.runDir,
    layout.logDir,
    path.join(layout.logDir, 'consoles'),
    layout.imageDir,
    layout.diskDir,
    layout.socketDir,
    layout.agentSocketDir,
    layout.screenSocketDir,
  ])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
}

export const stackLibvirtUri = (layout: StackLayout, kind: 'qemu' | 'test'): string =>
  kind === 'qemu' ? libvirtUri(layout.libvirtSocketDir) : 'test:///default';
