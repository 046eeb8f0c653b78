/** What a step found. A step that only checks one thing counts one. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };
export const ONE_PASSED: Counts = { ...NOTHING, passed: 1 };
export const ONE_FAILED: Counts = { ...NOTHING, failed: 1 };
export const ONE_SKIPPED: Counts = { ...NOTHING, skipped: 1 };

export const add = (...all: readonly Counts[]): Counts =>
  all.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    NOTHING,
  );

/** The closing line of a run, as machines read it. */
export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`;

/** Reads the "test result:" lines of cargo; undefined when there are none, that is when cargo did not get to testing. */
export function parseCargoCounts(output: string): Counts | undefined {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  if (results.length === 0) return undefined;
  return add(
    ...results.map(([, passed, failed, ignored]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(ignored),
    })),
  );
}

/** What the count reporter keeps in its file while jest runs. */
export interface JestReport extends Counts {
  /** Whether jest came to its end. */
  readonly complete: boolean;
  /** Spec files that were begun and had not ended. */
  readonly running: readonly string[];
  readonly finished: readonly string[];
  /** Each with its file, its name and the first line of its reason. */
  readonly failures: readonly string[];
}

const numberAt = (report: object, key: string): number => {
  const value: unknown = Reflect.get(report, key);
  return typeof value === 'number' ? value : 0;
};

const namesAt = (report: object, key: string): string[] => {
  const value: unknown = Reflect.get(report, key);
  return Array.isArray(value) ? value.map(String) : [];
};

/** Reads what the count reporter wrote. undefined: not a report. */
export function parseJestReport(text: string): JestReport | undefined {
  const report: unknown = JSON.parse(text);
  if (typeof report !== 'object' || report === null || !('complete' in report)) return undefined;
  return {
    complete: report.complete === true,
    passed: numberAt(report, 'passed'),
    failed: numberAt(report, 'failed'),
    skipped: numberAt(report, 'skipped'),
    running: namesAt(report, 'running'),
    finished: namesAt(report, 'finished'),
    failures: namesAt(report, 'failures'),
  };
}
