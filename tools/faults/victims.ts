import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { patience } from '@infinibay/testing';

import type { StackLayout } from '../stack/layout.ts';
import { recordedProcesses } from '../stack/leftovers.ts';
import { identityOf, isAlive, signalProcess, type ProcessIdentity } from '../stack/process-identity.ts';
import { pollUntil } from '../stack/polling.ts';

/** Whoever takes part in the life of a VM, and can be killed. */
export const VICTIMS = ['vms', 'networks', 'firewall', 'hypervisor-agent', 'nats', 'postgres', 'libvirtd'] as const;
export type Victim = (typeof VICTIMS)[number];

const PRESENT_MS = patience(60_000);

/** Servers that run below a program of ours say their process id in a file. */
const PID_FILES: Readonly<Partial<Record<Victim, (layout: StackLayout) => string>>> = {
  postgres: ({ postgresDir }) => path.join(postgresDir, 'data', 'postmaster.pid'),
  libvirtd: ({ libvirtDir }) => path.join(libvirtDir, 'run', 'libvirtd.pid'),
};

const readPid = (file: string): ProcessIdentity | undefined => {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? identityOf(pid) : undefined;
  } catch {
    return undefined;
  }
};

/** The process as it runs now; waits for one that is just being started. */
export const processOf = (layout: StackLayout, victim: Victim): Promise<ProcessIdentity> => {
  const pidFile = PID_FILES[victim]?.(layout);
  const find = (): ProcessIdentity | undefined =>
    pidFile === undefined ? recordedProcesses(layout.runDir).find(({ name }) => name === victim) : readPid(pidFile);
  return pollUntil(find, { timeoutMs: PRESENT_MS, what: `a process of ${victim}` });
};

/** How many guests libvirtd has right now, by what it says in its folder. */
export const guestsOf = ({ libvirtDir }: StackLayout): number =>
  readdirSync(path.join(libvirtDir, 'run', 'qemu')).filter((name) => /^vm-.*\.pid$/.test(name)).length;

/** Sends the signal, and for one that kills waits until the process is gone. */
export const signalVictim = async (layout: StackLayout, victim: Victim, signal: NodeJS.Signals): Promise<void> => {
  const identity = await processOf(layout, victim);
  if (!signalProcess(identity, signal)) throw new Error(`${victim} could not be sent ${signal}`);
  if (signal !== 'SIGKILL' && signal !== 'SIGQUIT') return;
  await pollUntil(() => (isAlive(identity) ? undefined : true), {
    timeoutMs: PRESENT_MS,
    what: `the end of ${victim}`,
  });
};
