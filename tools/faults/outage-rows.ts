import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { identityOf, signalProcess } from '../stack/process-identity.ts';
import {
  libvirtBoundMs,
  NATS_STORE_BOUND_MS,
  overNow,
  REBOOT_BOUND_MS,
  SERVER_BOUND_MS,
  SERVICE_BOUND_MS,
  type Fault,
  type Row,
} from './row.ts';
import type { Scene } from './scene.ts';
import { guestsOf, signalVictim, type Victim } from './victims.ts';

const HANG_MS = 20_000;
const AWAY_MS = 30_000;
const CRASHES = 10;
const CRASH_EVERY_MS = 6_000;
const PLACE = 'before:protect';

/** A creation that is under way: a worker stands before the filter is asked for. */
const creating = async (scene: Scene): Promise<void> => {
  scene.arm(PLACE);
  await scene.create();
  await scene.held(PLACE);
};

/** Nobody can listen on the port until it is let go; who connects is turned away. */
const occupy = async (port: number): Promise<() => Promise<void>> => {
  const server: Server = createServer((socket) => socket.destroy());
  for (;;) {
    const taken = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (taken) break;
    await delay(10);
  }
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
};

const withoutNats = async (scene: Scene, meanwhile: () => Promise<void>): Promise<Fault> => {
  await signalVictim(scene.system.layout, 'nats', 'SIGKILL');
  const letGo = await occupy(scene.system.state.ports['nats'] ?? 0);
  try {
    await meanwhile();
  } finally {
    await letGo();
  }
  return overNow();
};

const hang = (victim: Victim): Row => ({
  name: `CREATE_VM ${PLACE} hang ${victim} for 20 s`,
  quick: false,
  boundMs: () => SERVICE_BOUND_MS,
  run: async (scene) => {
    const { layout } = scene.system;
    await creating(scene);
    await signalVictim(layout, victim, 'SIGSTOP');
    scene.release(PLACE);
    await delay(HANG_MS);
    await signalVictim(layout, victim, 'SIGCONT');
    return overNow();
  },
});

const natsAway: Row = {
  name: 'NATS away for 30 s while VMs are created and deleted',
  quick: false,
  boundMs: () => SERVER_BOUND_MS,
  run: async (scene) => {
    const doomed = await scene.vmIn('RUNNING');
    return withoutNats(scene, async () => {
      await scene.create();
      await scene.act('deleteVm', doomed, 'GONE');
      await delay(AWAY_MS);
    });
  },
};

const natsErased: Row = {
  name: 'NATS store erased while a VM is created',
  quick: false,
  boundMs: () => NATS_STORE_BOUND_MS,
  run: async (scene) => {
    await creating(scene);
    return withoutNats(scene, async () => {
      const { natsDir } = scene.system.layout;
      for (const name of readdirSync(natsDir)) rmSync(path.join(natsDir, name), { recursive: true });
      scene.release(PLACE);
      await scene.create();
    });
  },
};

const databaseRestart: Row = {
  name: 'PostgreSQL stopped at once (-m immediate) while a VM is created',
  quick: false,
  boundMs: () => SERVER_BOUND_MS,
  run: async (scene) => {
    await creating(scene);
    await signalVictim(scene.system.layout, 'postgres', 'SIGQUIT');
    scene.release(PLACE);
    return overNow();
  },
};

const agentCrashLoop: Row = {
  name: 'hypervisor-agent killed 10 times in a minute while 3 VMs are created and one deleted',
  quick: false,
  boundMs: () => SERVICE_BOUND_MS,
  run: async (scene) => {
    const doomed = await scene.vmIn('RUNNING');
    for (let count = 0; count < 3; count += 1) await scene.create();
    await scene.act('deleteVm', doomed, 'GONE');
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await signalVictim(scene.system.layout, 'hypervisor-agent', 'SIGKILL');
      if (crash < CRASHES - 1) await delay(CRASH_EVERY_MS);
    }
    return overNow();
  },
};

/** libvirt writes the process id of each guest into its run folder. */
const killGuest = ({ system }: Scene, vmId: string): void => {
  const file = path.join(system.layout.libvirtDir, 'run', 'qemu', `vm-${vmId}.pid`);
  const identity = identityOf(Number(readFileSync(file, 'utf8')));
  if (identity === undefined || !signalProcess(identity, 'SIGKILL'))
    throw new Error(`the guest ${vmId} could not be killed`);
};

/** The networks of a host go with its power: their bridges, and what serves addresses there. */
const dropNetworks = async ({ system }: Scene): Promise<void> => {
  const folder = path.join(system.layout.libvirtDir, 'run', 'network');
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.pid'))) {
    const identity = identityOf(Number(readFileSync(path.join(folder, name), 'utf8')));
    if (identity !== undefined) signalProcess(identity, 'SIGKILL');
  }
  const links = await system.inNetwork('ip', '-o', 'link', 'show', 'type', 'bridge');
  for (const [, bridge = ''] of links.matchAll(/^\d+: ([^:@\s]+)/gm))
    await system.inNetwork('ip', 'link', 'delete', bridge);
};

const guestLostMeanwhile: Row = {
  name: 'libvirtd killed, and a guest while it is away',
  quick: false,
  boundMs: libvirtBoundMs,
  run: async (scene) => {
    const vmId = await scene.vmIn('RUNNING');
    const { layout } = scene.system;
    const guests = guestsOf(layout);
    await signalVictim(layout, 'libvirtd', 'SIGKILL');
    killGuest(scene, vmId);
    return overNow(guests);
  },
};

const hostReboot: Row = {
  name: 'the host restarts: guests, libvirtd and agent killed, run folders empty',
  quick: false,
  boundMs: () => REBOOT_BOUND_MS,
  run: async (scene) => {
    await scene.vmIn('RUNNING');
    const { layout } = scene.system;
    const running = [...scene.endings].filter(([, ending]) => ending === 'RUNNING').map(([vmId]) => vmId);
    await signalVictim(layout, 'hypervisor-agent', 'SIGKILL');
    await signalVictim(layout, 'libvirtd', 'SIGKILL');
    for (const vmId of running) killGuest(scene, vmId);
    await dropNetworks(scene);
    for (const name of ['qemu', 'network', 'nwfilter-binding'])
      rmSync(path.join(layout.libvirtDir, 'run', name), { recursive: true, force: true });
    return overNow();
  },
};

/** Faults that are not about one step. */
export const outageRows = (): Row[] => [
  ...(['vms', 'networks', 'firewall', 'hypervisor-agent'] as const).map(hang),
  natsAway,
  natsErased,
  databaseRestart,
  agentCrashLoop,
  guestLostMeanwhile,
  hostReboot,
];
