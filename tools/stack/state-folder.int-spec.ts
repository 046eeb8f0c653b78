import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { patience, pollUntil } from '@infinibay/testing';

import { runCommand } from '../e2e/run-command.ts';
import { repositoryRoot } from './layout.ts';
import { loadSecrets } from './secrets.ts';
import { claimStateFolder, STATE_MARK } from './state-folder.ts';

/** What the npm scripts run; `npm start` is set-up and then start. */
const SETUP = path.join(repositoryRoot, 'tools', 'setup', 'main.ts');
const STACK = path.join(repositoryRoot, 'tools', 'stack', 'main.ts');
const TIMEOUT_MS = patience(120_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ib-folder-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const npm = (command: string, stateDir: string, environment: Record<string, string> = {}) => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', command === 'setup' ? SETUP : STACK, command],
    {
      env: { ...process.env, INFINIBAY_HYPERVISOR: 'test', ...environment, INFINIBAY_STATE_DIR: stateDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
  return { child, ended };
};

const expectRefusal = async (command: string, stateDir: string, environment?: Record<string, string>) => {
  const { code, output } = await npm(command, stateDir, environment).ended;
  expect({ command, code, output }).toEqual({
    command,
    code: 1,
    output: expect.stringContaining("can't be the state folder"),
  });
  expect(output).not.toMatch(/^\s+at /mu);
};

describe('the state folder', () => {
  it(
    "is never a folder with somebody else's files, which all stay",
    async () => {
      writeFileSync(path.join(folder, 'thesis.txt'), 'years of work');
      mkdirSync(path.join(folder, 'run'));
      writeFileSync(path.join(folder, 'secrets.json'), '{"aws":"theirs"}');
      for (const command of ['reset', 'stop', 'start', 'setup']) await expectRefusal(command, folder);
      expect(readdirSync(folder).sort()).toEqual(['run', 'secrets.json', 'thesis.txt']);
      expect(readdirSync(path.join(folder, 'run'))).toEqual([]);
      expect(readFileSync(path.join(folder, 'thesis.txt'), 'utf8')).toBe('years of work');
    },
    TIMEOUT_MS,
  );

  it.each([
    ['/', '/'],
    ['the home folder', homedir()],
    ['the checkout', repositoryRoot],
    ['what holds the checkout', path.dirname(repositoryRoot)],
    ['the temporary folder', tmpdir()],
    ['a part of the checkout', path.join(repositoryRoot, 'docs')],
  ])(
    'is never %s',
    async (_what, stateDir) => {
      // stop writes nothing and removes nothing of the folder, should the check be missing.
      await expectRefusal('stop', stateDir);
    },
    TIMEOUT_MS,
  );

  it(
    'is never a home folder, however it is written and though it has the mark',
    async () => {
      const home = path.join(folder, 'home');
      claimStateFolder(home);
      symlinkSync(folder, path.join(folder, 'link'));
      for (const stateDir of [
        home,
        `${home}/`,
        path.join(folder, 'x', '..', 'home'),
        path.join(folder, 'link', 'home'),
      ])
        await expectRefusal('reset', stateDir, { HOME: home });
      expect(existsSync(path.join(home, STATE_MARK))).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'is never a symbolic link or a file',
    async () => {
      const [target, link, file] = ['target', 'link', 'file'].map((name) => path.join(folder, name));
      if (target === undefined || link === undefined || file === undefined) throw new Error('three names');
      claimStateFolder(target);
      symlinkSync(target, link);
      writeFileSync(file, 'text');
      for (const command of ['reset', 'start'])
        for (const stateDir of [link, file]) await expectRefusal(command, stateDir);
      expect(readdirSync(folder).sort()).toEqual(['file', 'link', 'target']);
      expect(readdirSync(target)).toEqual([STATE_MARK]);
    },
    TIMEOUT_MS,
  );

  it(
    'is marked by a start before all else, and then goes with everything in it',
    async () => {
      const { child, ended } = npm('start', folder);
      await pollUntil(() => (existsSync(path.join(folder, 'secrets.json')) ? true : undefined), {
        timeoutMs: TIMEOUT_MS,
        what: 'the secrets of the start',
      });
      expect(readdirSync(folder)).toContain(STATE_MARK);
      child.kill('SIGTERM');
      await ended;
      expect((await npm('reset', folder).ended).code).toBe(0);
      expect(existsSync(folder)).toBe(false);
      expect((await npm('reset', folder).ended).code).toBe(0);
    },
    2 * TIMEOUT_MS,
  );

  it(
    'may be one of a version without marks, and one whose removal was cut off',
    async () => {
      loadSecrets(path.join(folder, 'secrets.json'), ['users'], ['users']);
      mkdirSync(path.join(folder, 'run'));
      expect((await npm('reset', folder).ended).code).toBe(0);
      expect(existsSync(folder)).toBe(false);
      claimStateFolder(folder);
      mkdirSync(path.join(folder, 'disks'));
      expect((await npm('reset', folder).ended).code).toBe(0);
      expect(existsSync(folder)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'may be a mounted volume, which stays and is empty',
    async () => {
      if (process.getuid?.() !== 0) return;
      await runCommand('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
      try {
        claimStateFolder(folder);
        mkdirSync(path.join(folder, 'disks'));
        const { code, output } = await npm('reset', folder).ended;
        expect({ code, output }).toMatchObject({ code: 0 });
        expect(readdirSync(folder)).toEqual([]);
      } finally {
        await runCommand('umount', [folder]);
      }
    },
    TIMEOUT_MS,
  );
});
