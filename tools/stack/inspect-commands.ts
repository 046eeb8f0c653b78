import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { StackLayout } from './layout.ts';
import { recordedProcesses } from './leftovers.ts';
import { askReadiness } from './readiness.ts';
import { describeRestarts, readRestarts } from './restarts.ts';
import { healthPortOf, SERVICES } from './services.ts';
import { StackError } from './stack-error.ts';
import { lockHolder } from './stack-lock.ts';
import { stateFile, type StackState } from './stack.ts';

function readState(layout: StackLayout): StackState {
  if (lockHolder(layout.runDir) === undefined || !existsSync(stateFile(layout)))
    throw new StackError(`Infinibay does not run in ${layout.stateDir}: npm start`);
  return JSON.parse(readFileSync(stateFile(layout), 'utf8')) as StackState;
}

function memoryMib(pid: number): string {
  const match = /^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  return match?.[1] === undefined ? '' : `${(Number(match[1]) / 1024).toFixed(0)} MiB`;
}

/** Every process with its memory and what it says about itself. Returns 0 when all are ready, else 3. */
export async function statusCommand(layout: StackLayout): Promise<number> {
  const state = readState(layout);
  const pids = new Map(recordedProcesses(layout.runDir).map(({ name, pid }) => [name, pid]));
  const servers = ['postgres', 'nats', ...(state.hypervisor.kind === 'qemu' ? ['libvirtd'] : [])];
  const restarts = readRestarts(layout);
  let allReady = true;
  for (const name of [...servers, ...(state.programs ?? SERVICES.map((service) => service.name))]) {
    const pid = pids.get(name);
    const isService = !servers.includes(name);
    const port = state.ports[name];
    const health =
      pid === undefined
        ? 'not running'
        : isService && port !== undefined
          ? (await askReadiness(healthPortOf(name, state.ports) ?? port)).ready
            ? 'ready'
            : 'not ready'
          : 'running';
    allReady &&= health === 'ready' || health === 'running';
    const restarted = describeRestarts(restarts[name]);
    console.log(
      `${name.padEnd(20)}${health.padEnd(13)}${(port === undefined ? '' : `port ${String(port)}`).padEnd(12)}${(pid === undefined ? '' : `pid ${String(pid)}`).padEnd(14)}${(pid === undefined ? '' : memoryMib(pid)).padEnd(9)}${restarted}`.trimEnd(),
    );
  }
  return allReady ? 0 : 3;
}

/** Runs a program on our terminal and returns its exit code. */
function onTerminal(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: 'inherit' });
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    child.once('error', (error) => {
      reject(new StackError(`can't run ${command}: ${error.message}`, { cause: error }));
    });
    child.once('exit', (code) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 130);
    });
  });
}

/** The end of a log, or with -f what comes as well. */
export async function logsCommand(layout: StackLayout, args: readonly string[]): Promise<number> {
  const follow = args.includes('-f');
  const name = args.find((arg) => !arg.startsWith('-'));
  const names = existsSync(layout.logDir)
    ? readdirSync(layout.logDir)
        .filter((file) => file.endsWith('.log'))
        .map((file) => file.slice(0, -4))
    : [];
  if (name === undefined || !names.includes(name))
    throw new StackError(`usage: npm run logs -- <name> [-f]; there are logs of: ${names.join(', ') || 'nothing yet'}`);
  return onTerminal('tail', ['-n', '200', ...(follow ? ['-F'] : []), path.join(layout.logDir, `${name}.log`)]);
}

export async function virshCommand(layout: StackLayout, args: readonly string[]): Promise<number> {
  return onTerminal('virsh', ['-c', readState(layout).libvirtUri, ...args]);
}

/** Runs a program where the guests' network is. */
export async function netnsCommand(layout: StackLayout, args: readonly string[]): Promise<number> {
  const state = readState(layout);
  if (state.hypervisor.kind !== 'qemu') throw new StackError('with the test driver there is no guest network');
  if (args.length === 0) throw new StackError('usage: npm run netns -- <program> [arguments]');
  return onTerminal('ip', ['netns', 'exec', state.networkNamespace, ...args]);
}
