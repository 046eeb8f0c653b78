import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { patience } from '@infinibay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { missingForLibvirtd, startLibvirtd, type LibvirtdOptions } from './libvirtd.ts';
import { temporaryState, type TemporaryState } from './test-infrastructure.ts';

const describeOnHost = missingForLibvirtd().length === 0 ? describe : describe.skip;

describeOnHost('a libvirtd that hangs while it starts', () => {
  let state: TemporaryState;
  const { PATH } = process.env;
  beforeEach(() => {
    state = temporaryState();
  });
  afterEach(() => {
    process.env['PATH'] = PATH;
    state.remove();
  });

  const options = (answerMs: number): LibvirtdOptions => ({
    stateDir: state.libvirtDir,
    socketDir: state.libvirtSocketDir,
    networkNamespace: state.networkNamespace,
    hostName: 'hanging-host',
    runDir: state.runDir,
    logFile: path.join(state.logDir, 'libvirtd.log'),
    answerMs,
  });

  /** Stands before the real one in PATH: says that it was called, and hangs so many times. */
  const hangs = (times: number): { readonly calls: () => number } => {
    const folder = path.join(state.stateDir, 'hanging');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'libvirtd'),
      `#!/bin/sh
for call in 1 2 3 4; do
  mark=${folder}/call-$call
  if [ ! -e "$mark" ]; then
    : >"$mark"
    if [ "$call" -le ${String(times)} ]; then exec sleep 3600; fi
    PATH=$(echo "$PATH" | sed 's#${folder}:##') exec libvirtd "$@"
  fi
done
`,
      { mode: 0o755 },
    );
    process.env['PATH'] = `${folder}:${PATH ?? ''}`;
    return { calls: () => [1, 2, 3, 4].filter((call) => existsSync(path.join(folder, `call-${String(call)}`))).length };
  };

  it('is ended, and another is started', async () => {
    const { calls } = hangs(1);
    const daemon = await startLibvirtd(options(patience(5_000)));
    try {
      expect(calls()).toBe(2);
      expect((await daemon.virsh('version')).code).toBe(0);
    } finally {
      await daemon.stop({ guestTimeoutMs: 0 });
    }
  });

  it('fails the start when it hangs each time, and leaves nothing behind', async () => {
    const { calls } = hangs(4);
    await expect(startLibvirtd(options(patience(2_000)))).rejects.toThrow('libvirtd to answer');
    expect(calls()).toBe(3);
    expect(existsSync(state.libvirtSocketDir)).toBe(false);
  });
});
