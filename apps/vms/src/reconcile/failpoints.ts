import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;
/** A minute: a worker that nobody lets go was forgotten. */
const MOST_LOOKS = 3_000;

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Exact places in the work on a VM at which fault tests kill the process, or hold it while they do something else. */
export class Failpoints {
  /**
   * @param killAt `before:<step>` or `after:<step>`
   * @param folder a file of that name in it holds the first worker that comes there: it is renamed to `<name>.held`, and
   *   the worker goes on when that is gone
   */
  constructor(
    private readonly killAt: string | undefined,
    private readonly folder: string | undefined,
  ) {}

  async reach(when: 'before' | 'after', step: string): Promise<void> {
    const place = `${when}:${step}`;
    if (this.killAt === place) process.kill(process.pid, 'SIGKILL');
    if (this.folder !== undefined) await this.hold(join(this.folder, place));
  }

  private async hold(file: string): Promise<void> {
    const held = `${file}.held`;
    // Of several workers one can rename it.
    const isHeld = await rename(file, held).then(
      () => true,
      () => false,
    );
    if (!isHeld) return;
    for (let looks = 0; looks < MOST_LOOKS && (await exists(held)); looks += 1) await delay(LOOK_AGAIN_MS);
  }
}
