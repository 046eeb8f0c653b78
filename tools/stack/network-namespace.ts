import { runCommand } from './command.ts';
import { becomesTrue } from './polling.ts';
import { StackError } from './stack-error.ts';

async function ip(...args: string[]): Promise<string> {
  const result = await runCommand('ip', args);
  if (result.code !== 0) throw new StackError(`ip ${args.join(' ')}: ${result.stderr.trim()}`);
  return result.stdout;
}

export async function namespaceExists(name: string): Promise<boolean> {
  const result = await runCommand('ip', ['netns', 'list']);
  return result.stdout.split('\n').some((line) => line.split(' ')[0] === name);
}

/** Ids of all processes whose network is this namespace. */
export async function namespaceProcesses(name: string): Promise<number[]> {
  const result = await runCommand('ip', ['netns', 'pids', name]);
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

export async function createNamespace(name: string): Promise<void> {
  await ip('netns', 'add', name);
}

function killAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it ended in between
    }
  }
}

/**
 * Ends everything that runs in the namespace (all of it is ours: nothing else knows the name) and removes it, with its
 * bridges, taps and rules. Does nothing when it doesn't exist. Returns how many processes had to be ended.
 */
export async function destroyNamespace(name: string): Promise<number> {
  if (!(await namespaceExists(name))) return 0;
  const pids = await namespaceProcesses(name);
  killAll(pids, 'SIGTERM');
  const gone = async (): Promise<boolean> => (await namespaceProcesses(name)).length === 0;
  if (!(await becomesTrue(gone, 3_000, 50))) {
    killAll(await namespaceProcesses(name), 'SIGKILL');
    await becomesTrue(gone, 3_000, 50);
  }
  await ip('netns', 'delete', name);
  return pids.length;
}
