// The package as somebody else gets it: built alone, packed, installed in an empty folder.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience } from '@infinibay/testing';

const packageDir = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const root = path.join(packageDir, '..', '..');
const run = promisify(execFile);

describe('the package', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ib-package-'));
  const environment = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', npm_config_update_notifier: 'false' };
  const npm = (cwd: string, ...args: string[]): Promise<{ stdout: string }> =>
    run('npm', args, { cwd, env: environment, timeout: patience(300_000) });

  beforeAll(async () => {
    const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
    await run(process.execPath, [nx, 'build', '@infinibay/libvirt', '--skip-nx-cache'], {
      cwd: root,
      env: environment,
      timeout: patience(600_000),
    });
    const { stdout } = await npm(packageDir, 'pack', '--json', '--pack-destination', folder);
    const [packed] = JSON.parse(stdout) as [{ filename: string }];
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    await npm(folder, 'install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`);
  }, 900_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs the first example of its README', async () => {
    const readme = readFileSync(path.join(folder, 'node_modules/@infinibay/libvirt/README.md'), 'utf8');
    const example = /```js\n(.*?)```/su.exec(readme)?.[1] ?? '';
    writeFileSync(path.join(folder, 'first-steps.mjs'), example);
    const { stdout } = await run(process.execPath, ['first-steps.mjs'], { cwd: folder, timeout: patience(30_000) });
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'first: started (booted)',
        'first is running',
        'first has 65536 KiB',
        expect.stringMatching(/^virDomainCreateWithFlags on [0-9a-f-]{36}: INTERNAL_ERROR$/),
      ]),
    );
  }, 60_000);

  it('is typed for a strict project of its own', async () => {
    writeFileSync(
      path.join(folder, 'typed.ts'),
      `import { Connection, type DomainStats } from '@infinibay/libvirt';
       const connection = await Connection.open('test:///default');
       connection.on('deviceAdded', ({ alias }) => { const text: string | null = alias; void text; });
       // @ts-expect-error there is no such event
       connection.on('nonsense', () => undefined);
       const stats: DomainStats<'cpu'>[] = await connection.domains.allStats(['cpu']);
       // @ts-expect-error a group that was not asked for
       stats[0]?.balloon;
       await connection.close();`,
    );
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      'nodenext',
      '--lib',
      'es2023,esnext.disposable',
    ];
    const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules', '@types')];
    await run(process.execPath, [tsc, ...options, ...types, 'typed.ts'], { cwd: folder, timeout: patience(120_000) });
  }, 150_000);

  it('carries no spec, no source and no path of the machine that built it', async () => {
    const { stdout } = await npm(packageDir, 'pack', '--dry-run', '--json');
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const names = files.map((file) => file.path);
    expect(names).toEqual(expect.arrayContaining(['README.md', 'FUNCTIONS.md', 'dist/index.js', 'dist/index.d.ts']));
    expect(names.filter((name) => /spec|\.rs$|tsbuildinfo|^(?:rust|src|test|tools)\//u.test(name))).toEqual([]);
  }, 60_000);

  it('has types that are those of its native code', async () => {
    await run(process.execPath, ['tools/generate-types.ts', '--check'], {
      cwd: packageDir,
      timeout: patience(600_000),
    });
  }, 600_000);
});
