import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from './layout.ts';
import { CONSUMER_USER } from './nats-users.ts';
import { DEMO_EMAIL, type ServiceContext } from './services.ts';

/** The demo, or what `npm run skew` runs in its place. */
const DEMO = path.join(repositoryRoot, process.env['INFINIBAY_DEMO_PROGRAM'] ?? 'tools/demo/main.ts');

/** What the demo is told: where the public interfaces are, and a login for this run. */
function demoEnvironment(context: ServiceContext, exitAfterwards: boolean): NodeJS.ProcessEnv {
  const { ports, hypervisor, layout, secrets } = context;
  const url = (scheme: string, port: number): string => `${scheme}://127.0.0.1:${String(port)}`;
  return {
    ...process.env,
    INFINIBAY_GRAPHQL_URL: `${url('http', ports.gateway)}/graphql`,
    INFINIBAY_REALTIME_URL: url('http', ports.realtime),
    INFINIBAY_NATS_URL: url('nats', ports.nats),
    INFINIBAY_NATS_CONSUMER_USER: CONSUMER_USER,
    INFINIBAY_NATS_CONSUMER_PASSWORD: secrets.natsPasswords[CONSUMER_USER],
    INFINIBAY_HYPERVISOR_KIND: hypervisor.kind,
    INFINIBAY_LIBVIRT_URI: context.libvirtUri,
    INFINIBAY_NETNS: hypervisor.kind === 'qemu' ? layout.networkNamespace : '',
    INFINIBAY_STATE_DIR: layout.stateDir,
    INFINIBAY_DEMO_EMAIL: DEMO_EMAIL,
    INFINIBAY_DEMO_PASSWORD: context.demoPassword,
    INFINIBAY_DEMO_EXIT: exitAfterwards ? '1' : '0',
  };
}

export interface RunningDemo {
  /** The exit code; never rejects. */
  readonly ended: Promise<number>;
  readonly stop: () => void;
}

/** Whether this checkout has a demo to run. */
export const hasDemo = (): boolean => existsSync(DEMO);

/** Starts the demo as a client of the public interfaces, its output on our terminal. */
export function startDemo(context: ServiceContext, exitAfterwards: boolean): RunningDemo {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', DEMO], {
    stdio: 'inherit',
    env: demoEnvironment(context, exitAfterwards),
    detached: true,
  });
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => {
      resolve(1);
    });
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
  return {
    ended,
    stop: () => {
      child.kill('SIGTERM');
    },
  };
}
