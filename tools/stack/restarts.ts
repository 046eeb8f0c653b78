import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import type { StackLayout } from './layout.ts';

const Counts = z.record(
  z.string(),
  z.object({ restarts: z.number(), silences: z.number(), lastReason: z.string(), lastAt: z.string() }),
);
type RestartCounts = z.infer<typeof Counts>;

const fileOf = (layout: StackLayout): string => path.join(layout.runDir, 'restarts.json');

/** What the supervisor started again since `npm start`, by name; for `npm run status` and whoever reads the file. */
export function readRestarts(layout: StackLayout): RestartCounts {
  try {
    const file = fileOf(layout);
    return existsSync(file) ? Counts.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  } catch {
    // Cut short by a full disk: the next restart writes it whole.
    return {};
  }
}

export function describeRestarts(one: RestartCounts[string] | undefined): string {
  if (one === undefined) return '';
  const silences = one.silences === 0 ? '' : `, ${String(one.silences)} for silence`;
  return `restarts ${String(one.restarts)}${silences} (last: ${one.lastReason}, ${one.lastAt})`;
}

/** Counts for as long as the stack runs. */
export class Restarts {
  private readonly layout: StackLayout;
  private counts: RestartCounts = {};

  constructor(layout: StackLayout) {
    this.layout = layout;
  }

  /** Those of an earlier start are of no use. */
  clear(): void {
    this.counts = {};
    rmSync(fileOf(this.layout), { force: true });
  }

  readonly count = (name: string, reason: string): void => {
    const { restarts = 0, silences = 0 } = this.counts[name] ?? {};
    this.counts[name] = {
      restarts: restarts + 1,
      silences: silences + (reason === 'silent' ? 1 : 0),
      lastReason: reason,
      lastAt: new Date().toISOString(),
    };
    try {
      writeFileSync(fileOf(this.layout), `${JSON.stringify(this.counts, null, 2)}\n`);
    } catch {
      // A full disk is a reason for restarts; it must not end the supervisor.
    }
  };
}
