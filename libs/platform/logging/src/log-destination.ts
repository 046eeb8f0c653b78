import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const PAUSE_MS = 5;
/** A reader that is slow for longer loses lines; it must not hold up the service. */
const MAX_PAUSES = 40;

interface Lost {
  lines: number;
  code: string;
}

let lostInAll = 0;

/** How many lines of this process could not be written: the disk is full or broken, or nobody reads. */
export const lostLogLines = (): number => lostInAll;

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';

/**
 * Lines to a file descriptor. One that can't be written (ENOSPC, EIO, EPIPE) is dropped and counted, and never ends the
 * service; the first that can be written again is preceded by a line that tells how many were lost.
 */
export class LogDestination implements DestinationStream {
  private lost: Lost | undefined;
  /** The last line ended in its middle; the next has to begin on a line of its own. */
  private torn = false;

  constructor(
    private readonly fd: number,
    private readonly service: string,
  ) {}

  write(line: string): void {
    const before = this.lost;
    // One write for both: there may be room for the report and none for the line.
    if (this.writeWhole(before === undefined ? line : this.reportOf(before) + line)) {
      this.lost = undefined;
      return;
    }
    lostInAll += 1;
    if (this.lost !== undefined) this.lost.lines += 1;
  }

  private reportOf({ lines, code }: Lost): string {
    const report = { level: 'warn', time: new Date().toISOString(), service: this.service, lost: lines, code };
    return `${JSON.stringify({ ...report, msg: 'log lines were lost' })}\n`;
  }

  private writeWhole(text: string): boolean {
    let rest = Buffer.from(this.torn ? `\n${text}` : text);
    let pauses = 0;
    while (rest.length > 0) {
      try {
        const written = writeSync(this.fd, rest);
        if (written > 0) this.torn = true;
        rest = rest.subarray(written);
      } catch (error) {
        const code = codeOf(error);
        if ((code === 'EAGAIN' || code === 'EBUSY') && pauses < MAX_PAUSES) {
          pauses += 1;
          pause();
        } else {
          this.lost ??= { lines: 0, code };
          return false;
        }
      }
    }
    this.torn = false;
    return true;
  }
}
