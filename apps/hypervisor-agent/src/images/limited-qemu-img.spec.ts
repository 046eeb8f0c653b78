import { describe, expect, it } from '@jest/globals';
import { answerIn } from './limited-qemu-img.js';

const ended = (code: unknown, stderr = ''): Error => Object.assign(new Error('failed'), { code, stderr });

describe(answerIn, () => {
  it('tells a host without qemu-img from one that cannot limit it', () => {
    expect(answerIn(ended(127, 'prlimit: failed to execute qemu-img: No such file or directory'))).toBeUndefined();
    expect(() => answerIn(ended(127, 'setpriv: failed to execute prlimit: No such file'))).toThrow('no prlimit');
    expect(() => answerIn(ended('ENOENT'))).toThrow('no setpriv');
  });

  it('takes the code of qemu-img for its answer, and no other end', () => {
    expect(answerIn(ended(2))).toEqual({ code: 2, output: '' });
    for (const code of [null, 'ABORT_ERR', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'])
      expect(() => answerIn(ended(code))).toThrow('failed');
  });
});
