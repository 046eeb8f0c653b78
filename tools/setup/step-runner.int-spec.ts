import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { runLanes, runSteps, type SetupStep } from './step-runner.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ib-steps-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const quiet = (): void => undefined;
const shellStep = (name: string, script: string, reason: string | undefined = 'asked for'): SetupStep => ({
  name,
  reason: () => reason,
  perform: ({ run }) => run('sh', ['-c', script]),
});

describe(runSteps.name, () => {
  it('performs only the steps that have a reason', async () => {
    const idle: SetupStep = { ...shellStep('idle', `touch ${dir}/idle`), reason: () => undefined };
    await runSteps([idle, shellStep('busy', `touch ${dir}/busy`)], dir, quiet);
    expect([existsSync(`${dir}/idle`), existsSync(`${dir}/busy`)]).toEqual([false, true]);
  });

  it('shows the last lines and the place of the log of the step that failed, and runs none after it', async () => {
    const steps = [shellStep('Bad step', 'echo the reason; exit 4'), shellStep('later', `touch ${dir}/later`)];
    await expect(runSteps(steps, dir, quiet)).rejects.toThrow(
      /Bad step failed[\s\S]*the reason[\s\S]*setup-Bad-step\.log/u,
    );
    expect(readFileSync(path.join(dir, 'setup-Bad-step.log'), 'utf8')).toContain('the reason');
    expect(existsSync(`${dir}/later`)).toBe(false);
  });

  it('says which program is missing', async () => {
    const step: SetupStep = { name: 'x', reason: () => 'r', perform: ({ run }) => run('no-such-program-here', []) };
    await expect(runSteps([step], dir, quiet)).rejects.toThrow("can't run no-such-program-here");
  });
});

describe(runLanes.name, () => {
  it('runs lanes side by side', async () => {
    const meet = (mine: string, other: string): SetupStep =>
      shellStep(
        mine,
        `touch ${dir}/${mine}; i=0; while [ ! -e ${dir}/${other} ]; do i=$((i+1)); [ $i -lt 1200 ] || exit 1; sleep 0.1; done`,
      );
    expect(await runLanes([[meet('a', 'b')], [meet('b', 'a')]], dir, quiet)).toBe(2);
  });

  it('lets the other lanes end before it reports a failure', async () => {
    await expect(
      runLanes([[shellStep('bad', 'exit 1')], [shellStep('slow', `sleep 0.3; touch ${dir}/slow`)]], dir, quiet),
    ).rejects.toThrow('bad failed');
    expect(existsSync(`${dir}/slow`)).toBe(true);
  });
});
