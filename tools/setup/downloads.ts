import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { buildGuestImage, guestImageHash, guestImageIsCurrent, missingForGuestImage } from '../guest-image/build.ts';
import { kernelDir } from '../guest-image/kernel.ts';
import { runCommand } from '../stack/command.ts';
import { qemuGuestAgentBinary, qemuGuestAgentDir } from '../guest-image/qemu-guest-agent.ts';
import { toolchainDir } from '../stack/layout.ts';
import { natsServerBinary, natsServerCacheBinary } from '../stack/nats-binary.ts';
import { StackError } from '../stack/stack-error.ts';
import { hasApt, unpackPackage } from './debian-packages.ts';
import { agentBinary } from './native-build.ts';
import type { SetupStep } from './step-runner.ts';

function natsServerFound(): boolean {
  try {
    natsServerBinary();
    return true;
  } catch {
    return false;
  }
}

export const natsServerStep: SetupStep = {
  name: 'nats-server',
  reason: () => (natsServerFound() ? undefined : 'not found'),
  perform: async (context) => {
    if (!hasApt())
      throw new StackError(
        'nats-server is missing and there is no apt-get: put one on PATH or name it in INFINIBAY_NATS_SERVER',
      );
    await unpackPackage(context, 'nats-server', path.join(toolchainDir, 'nats-server'));
    if (!existsSync(natsServerCacheBinary))
      throw new StackError('the package nats-server has no /usr/sbin/nats-server');
  },
};

/** The versioned package that the meta package stands for at the moment. */
async function cloudKernelPackage(): Promise<string> {
  // apt may have to build its cache first, beside a compiler that has the cores.
  const result = await runCommand('apt-cache', ['depends', '--important', 'linux-image-cloud-amd64'], {
    timeoutMs: 300_000,
  });
  const name = /Depends:\s*(linux-image-\S+)/u.exec(result.stdout)?.[1];
  if (name === undefined) throw new StackError(`apt knows no linux-image-cloud-amd64: ${result.stderr.trim()}`);
  return name;
}

export const guestKernelStep: SetupStep = {
  name: 'guest kernel',
  reason: () =>
    !hasApt() || (existsSync(path.join(kernelDir, 'boot')) && readdirSync(path.join(kernelDir, 'boot')).length > 0)
      ? undefined
      : 'not there yet',
  perform: async (context) => {
    await unpackPackage(context, await cloudKernelPackage(), kernelDir);
  },
};

/** QEMU's own agent, which specs put into a guest: libvirt talks to it, InfiniService doesn't replace it. */
export const qemuGuestAgentStep: SetupStep = {
  name: 'QEMU guest agent',
  reason: () => (!hasApt() || existsSync(qemuGuestAgentBinary) ? undefined : 'not there yet'),
  perform: async (context) => {
    await unpackPackage(context, 'qemu-guest-agent', qemuGuestAgentDir);
  },
};

export const guestImageStep: SetupStep = {
  name: 'guest image',
  reason: () => {
    // Without QEMU no guest can boot; the test driver takes any file as an image.
    if (missingForGuestImage(agentBinary).length > 0) return undefined;
    return guestImageIsCurrent(guestImageHash(agentBinary)) ? undefined : 'inputs changed';
  },
  perform: async (context) => {
    const manifest = await buildGuestImage(agentBinary);
    context.note(`${manifest.name} ${manifest.version}, sha256 ${manifest.sha256.slice(0, 16)}...`);
  },
};
