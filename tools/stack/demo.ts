import { spawn } from 'node:child_process';
import path from 'node:path';

import { repositoryRoot } from './layout.ts';
import { CONSUMER_USER } from './nats-users.ts';
import { DEMO_EMAIL, type ServiceContext } from './services.ts';

/** The demo, or what `npm run skew` runs in its place. */
export const DEMO = path.join(repositoryRoot, process.env['INFINIBAY_DEMO_PROGRAM'] ?? 'tools/demo/main.ts');

/** What makes the VMs of a fleet, in place of the demo. */
export const FLEET_PROGRAM = path.join(repositoryRoot, 'tools/demo/fleet.ts');

interface DemoOptions {
  /** It tidies up, and the stack ends with it. */
  readonly exitAfterDemo: boolean;
  readonly fleetVms: number | undefined;
}

/** What the demo is told: where the public interfaces are, and a login for this run. */
function demoEnvironment(context: ServiceContext, { exitAfterDemo, fleetVms }: DemoOptions): NodeJS.ProcessEnv {
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
    INFINIBAY_DEMO_EXIT: exitAfterDemo ? '1' : '0',
    ...(fleetVms === undefined ? {} : { INFINIBAY_FLEET_VMS: String(fleetVms) }),
  };
}

export interface RunningDemo {
  /** The exit code; never rejects. */
  readonly ended: Promise<number>;
  readonly stop: () => void;
}

/** Starts the demo, or what is run in its place, as a client of the public interfaces, its output on our terminal. */
export function startDemo(program: string, context: ServiceContext, options: DemoOptions): RunningDemo {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: 'inherit',
    env: demoEnvironment(context, options),
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
