import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short command to its end. A non-zero exit is a result, not an exception; a missing program is code 127. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs?: number; readonly workingDir?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { timeout: options.timeoutMs ?? 30_000, cwd: options.workingDir, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const failed = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
        resolve({ code: failed, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
      },
    );
  });
}
