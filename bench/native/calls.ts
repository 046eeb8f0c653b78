import type { Connection, Domain } from '../../native/libvirt-napi/src/index.ts';
import { median, ratioFigure, WrongAnswer, type Figure } from '../report/figure.ts';
import type { Reference, Run, Timed } from './reference.ts';
import { timeCalls } from './timing.ts';

const ROUNDS = 7;

/** The same calls in three languages. */
export interface Contest {
  readonly id: string;
  readonly goal: string;
  readonly run: Run;
  /** Ours, at a time. */
  readonly inFlight: number;
  /** Whether the figure is calls a second rather than microseconds a call. */
  readonly asRate?: boolean;
  readonly call: (index: number) => Promise<number>;
}

export interface Rivals {
  readonly c: Reference;
  readonly python: Reference | undefined;
  readonly unraid: Reference | undefined;
}

/** Runs the programs in turn, round after round, and compares medians. Every round's answers must be the same. */
export async function contest(entry: Contest, rivals: Rivals): Promise<readonly Figure[]> {
  const { id, run, asRate = false } = entry;
  const times = { ours: [] as number[], c: [] as number[], python: [] as number[], unraid: [] as number[] };
  for (let round = -1; round < ROUNDS; round += 1) {
    const c = await rivals.c.time(run);
    const ours = await timeCalls(run.count, entry.inFlight, entry.call);
    const python = run.threads === 1 ? await rivals.python?.time(run) : undefined;
    const unraid = run.mode === 'state' ? undefined : await rivals.unraid?.time({ ...run, threads: entry.inFlight });
    mustAgree(id, c, [ours, python, unraid]);
    // The first round warms up.
    if (round < 0) continue;
    times.c.push(c.microseconds);
    times.ours.push(ours.microseconds);
    if (python !== undefined) times.python.push(python.microseconds);
    if (unraid !== undefined) times.unraid.push(unraid.microseconds);
  }
  const shown = (values: readonly number[]): number => (asRate ? 1_000_000 / median(values) : median(values));
  const compared = { unit: asRate ? 'calls/s' : 'us/call', reference: 'C', referenceValue: shown(times.c) };
  const figures = [ratioFigure(id, { ...compared, value: shown(times.ours), goal: entry.goal })];
  for (const rival of ['python', 'unraid'] as const)
    if (times[rival].length > 0)
      figures.push(ratioFigure(`${id}.${rival}`, { ...compared, value: shown(times[rival]), goal: null }));
  return figures;
}

function mustAgree(id: string, c: Timed, others: readonly (Timed | undefined)[]): void {
  for (const other of others)
    if (other !== undefined && other.check !== c.check)
      throw new WrongAnswer(`${id}: C answers ${c.check}, another ${other.check}`);
}

const infoOf = (domains: readonly Domain[]) => async (index: number) =>
  (await domains[index % domains.length]?.info())?.maxMemoryKib ?? Number.NaN;

/** B1 and B2, without a daemon. */
export function inProcessContests(domains: readonly Domain[]): readonly Contest[] {
  const common = { uri: 'test:///default', threads: 1 };
  return [
    { id: 'B1', goal: '<= 4', inFlight: 64, run: { ...common, mode: 'info', count: 64_000 }, call: infoOf(domains) },
    {
      id: 'B2',
      goal: '<= 1.15',
      inFlight: 64,
      run: { ...common, mode: 'xml', count: 19_200 },
      call: async (index) => (await domains[index % domains.length]?.xmlDesc())?.length ?? Number.NaN,
    },
  ];
}

/** B3, B4 and B5, over the socket of a daemon with `domains`. */
export function socketContests(
  uri: string,
  connection: Connection,
  domains: readonly Domain[],
  workers: number,
): readonly Contest[] {
  return [
    {
      id: 'B3',
      goal: '<= 1.2',
      inFlight: 1,
      run: { mode: 'info', uri, count: 4_000, threads: 1 },
      call: infoOf(domains),
    },
    {
      id: 'B4',
      goal: '>= 0.9',
      inFlight: 64,
      asRate: true,
      run: { mode: 'info', uri, count: 20_000, threads: workers },
      call: infoOf(domains),
    },
    {
      id: 'B5',
      goal: '<= 1.4',
      inFlight: 1,
      run: { mode: 'state', uri, count: 20, threads: 1 },
      call: async () =>
        (await connection.domains.allStats(['state'])).filter(({ state }) => state !== undefined).length,
    },
  ];
}
