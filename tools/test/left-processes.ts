import { readdirSync, readFileSync } from 'node:fs';

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/** What a process was started with; empty for one that is gone, or is another user's. */
function textOf(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    return '';
  }
}

/**
 * Processes that were started with a folder's path in their arguments or their environment. The folder's name must be
 * unique to a run, so that everything found is that run's, however it detached itself.
 */
export const processesOf = (folder: string): readonly LeftProcess[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 1 && pid !== process.pid)
    .map((pid) => ({ pid, command: textOf(pid, 'cmdline'), environment: textOf(pid, 'environ') }))
    .filter(({ command, environment }) => command !== '' && `${command} ${environment}`.includes(folder))
    .map(({ pid, command }) => ({ pid, command }));

/** Ends what a run left running and says what that was. */
export function endProcessesOf(folder: string): readonly string[] {
  return processesOf(folder).map(({ pid, command }) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
    return command.slice(0, 160);
  });
}
