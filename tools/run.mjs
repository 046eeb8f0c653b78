#!/usr/bin/env node
// Entry of every npm script: finds or fetches the project's own Node, prepares what the command needs, then runs the tool under
// that Node. Plain JavaScript without dependencies, because it runs on a fresh clone with whatever Node the machine has.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '24.21.0';
const root = fileURLToPath(new URL('..', import.meta.url));
const toolchain = path.join(root, '.toolchain');

const STACK_COMMANDS = ['start', 'stop', 'status', 'logs', 'reset', 'virsh', 'netns'];
const TOOLS = {
  setup: undefined,
  test: 'tools/test/main.ts',
  bench: 'bench/main.ts',
  attack: 'tools/attack/main.ts',
  skew: 'tools/skew/main.ts',
  faults: 'tools/faults/main.ts',
  distribution: 'tools/distribution/main.ts',
  structure: 'tools/quality/structure/main.ts',
};
/** Tools that start none and need no root. */
const WITHOUT_GUESTS = /^tools\/(?:setup|quality)\//;
const NEEDS_SETUP = ['start', ...Object.keys(TOOLS)];

/** Fetches the pinned Node from the npm registry when this one is older. Returns the folder of its binary. */
function nodeFolder() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major >= 24) return path.dirname(process.execPath);
  const name = `node-linux-${process.arch}`;
  const folder = path.join(toolchain, 'node_modules', name, 'bin');
  const installed =
    existsSync(path.join(folder, 'node')) &&
    spawnSync(path.join(folder, 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim();
  if (installed === `v${NODE_VERSION}`) return folder;
  console.log(`setup: Node ${process.versions.node} is too old, fetching Node ${NODE_VERSION} into .toolchain ...`);
  mkdirSync(toolchain, { recursive: true });
  const fetched = spawnSync(
    'npm',
    [
      'install',
      '--prefix',
      toolchain,
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      `${name}@${NODE_VERSION}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (fetched.status !== 0 || !existsSync(path.join(folder, 'node'))) {
    console.error(`setup: can't fetch ${name}@${NODE_VERSION} from the npm registry`);
    process.exit(1);
  }
  return folder;
}

const binFolder = nodeFolder();
const environment = {
  ...process.env,
  PATH: `${binFolder}:${path.join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
};

/** Guests need root: somebody else runs those tools through sudo, where it lets them. */
function throughSudo(file) {
  if (process.getuid() === 0 || WITHOUT_GUESTS.test(file) || process.env.INFINIBAY_HYPERVISOR === 'test') return false;
  return spawnSync('sudo', ['-v'], { stdio: process.stdin.isTTY ? 'inherit' : 'ignore' }).status === 0;
}

/**
 * What root made in the checkout belongs to its owner again, so that the next build can write there. The state of a
 * stack stays root's, for it may be running; only the folder that set-up logs to is given back.
 */
function giveBack() {
  const owner = `${String(process.getuid())}:${String(process.getgid())}`;
  const state = path.join(root, '.infinibay');
  const others = [
    root,
    '-xdev',
    '-path',
    state,
    '-prune',
    '-o',
    '-user',
    'root',
    '-exec',
    'chown',
    '-h',
    owner,
    '{}',
    '+',
  ];
  spawnSync('sudo', ['-n', 'find', ...others], { stdio: 'ignore' });
  spawnSync('sudo', ['-n', 'chown', owner, state, path.join(state, 'logs')], { stdio: 'ignore' });
}

/** Runs a tool and returns its exit code. Signals go to the tool, which decides how to end. */
function runTool(file, args) {
  const sudo = throughSudo(file);
  const node = [path.join(binFolder, 'node'), '--disable-warning=ExperimentalWarning', path.join(root, file), ...args];
  // sudo sets a PATH of its own; the rest of the environment is kept.
  const [program, ...rest] = sudo ? ['sudo', '--preserve-env', 'env', `PATH=${environment.PATH}`, ...node] : node;
  return new Promise((resolve) => {
    const child = spawn(program, rest, { stdio: 'inherit', env: environment });
    // A terminal sends Ctrl-C to the whole group, so the tool has it already.
    const onInterrupt = () => undefined;
    const onTerminate = () =>
      sudo ? spawnSync('sudo', ['-n', 'kill', '-TERM', String(child.pid)]) : child.kill('SIGTERM');
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
      if (sudo) giveBack();
      resolve(code ?? (signal === null ? 1 : 130));
    });
  });
}

const [command = 'help', ...args] = process.argv.slice(2);
if (!STACK_COMMANDS.includes(command) && !(command in TOOLS)) {
  console.error(`usage: node tools/run.mjs ${[...STACK_COMMANDS, ...Object.keys(TOOLS)].join(' | ')}`);
  process.exit(2);
}
let code = NEEDS_SETUP.includes(command) ? await runTool('tools/setup/main.ts', [command]) : 0;
if (code === 0 && STACK_COMMANDS.includes(command)) code = await runTool('tools/stack/main.ts', [command, ...args]);
else if (code === 0 && TOOLS[command] !== undefined) code = await runTool(TOOLS[command], args);
process.exit(code);
