import { execFile } from 'node:child_process';
import { patience } from '@infinibay/testing';

/** Runs a program and returns its standard output. @throws Error with what it printed when it fails */
export const runCommand = (command: string, args: readonly string[], timeoutMs = patience(30_000)): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: timeoutMs, maxBuffer: 16_777_216 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr || error.message}`));
    });
  });
