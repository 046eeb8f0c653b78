import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';

import { runCommand } from '../stack/command.ts';
import { repositoryRoot, toolchainDir } from '../stack/layout.ts';
import { StackError } from '../stack/stack-error.ts';
import { filesBelow, hashOfFiles, stampAt } from './content-hash.ts';
import type { SetupStep, StepContext } from './step-runner.ts';

const native = path.join(repositoryRoot, 'native');
const manifest = path.join(native, 'Cargo.toml');
const addonDir = path.join(native, 'libvirt-napi');
const addonFile = path.join(addonDir, 'libvirt.linux-x64-gnu.node');
const agentTarget = 'x86_64-unknown-linux-gnu';

/** The guest agent: one static program, so that it runs in any guest. */
export const agentBinary = path.join(native, 'target', agentTarget, 'agent', 'infiniservice');

function sourceHash(crates: readonly string[]): string {
  const paths = [manifest, path.join(native, 'Cargo.lock'), ...crates.map((crate) => path.join(native, crate))];
  return hashOfFiles(filesBelow(paths, (file) => /\.(rs|toml|lock)$/u.test(file)));
}

function buildReason(stampName: string, crates: readonly string[], output: string): string | undefined {
  if (!existsSync(manifest)) return undefined;
  if (!existsSync(output)) return 'not built';
  return stampAt(path.join(toolchainDir, 'stamps', stampName)).matches(sourceHash(crates))
    ? undefined
    : 'sources changed';
}

const ADDON_CRATES = ['libvirt-core', 'libvirt-napi'];
const AGENT_CRATES = ['infiniservice', 'infiniservice-protocol'];

/** Debian's own Rust is too old for the binding's dependencies, so setup can't install it. */
async function cargo(
  context: StepContext,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  if ((await runCommand('cargo', ['--version'])).code !== 0)
    throw new StackError('Rust is missing: install cargo 1.88 or newer (https://rustup.rs)');
  await context.run('cargo', args, { environment });
}

export const addonStep: SetupStep = {
  name: 'native libvirt binding',
  reason: () => buildReason('libvirt-napi', ADDON_CRATES, addonFile),
  perform: async (context) => {
    const hash = sourceHash(ADDON_CRATES);
    await cargo(context, ['build', '--release', '--locked', '-p', 'libvirt-napi', '--manifest-path', manifest]);
    // Replaced in one step: a running process keeps the old file.
    copyFileSync(path.join(native, 'target', 'release', 'liblibvirt_napi.so'), `${addonFile}.new`);
    renameSync(`${addonFile}.new`, addonFile);
    stampAt(path.join(toolchainDir, 'stamps', 'libvirt-napi')).write(hash);
  },
};

export const agentStep: SetupStep = {
  name: 'guest agent',
  reason: () => buildReason('infiniservice', AGENT_CRATES, agentBinary),
  perform: async (context) => {
    const hash = sourceHash(AGENT_CRATES);
    mkdirSync(path.dirname(agentBinary), { recursive: true });
    const flags = { RUSTFLAGS: '-C target-feature=+crt-static' };
    await cargo(
      context,
      [
        'build',
        '--profile',
        'agent',
        '--locked',
        '--target',
        agentTarget,
        '-p',
        'infiniservice',
        '--manifest-path',
        manifest,
      ],
      flags,
    );
    stampAt(path.join(toolchainDir, 'stamps', 'infiniservice')).write(hash);
  },
};
