import { SERVICES } from '../stack/services.ts';

/** Clocks that are set off in one run, in the form that INFINIBAY_SKEW has: `users:120` or `users:60,gateway:-60`. */
export type Row = string;

const OFFSETS = [120, -120] as const;
/** Neighbours that drift apart: 120 s between them. */
const PAIRS: readonly Row[] = ['users:60,gateway:-60', 'vms:-60,hypervisor-agent:60'];

/**
 * @param args services, `<service>[:<seconds>][,<service>:<seconds>]`; without seconds ahead and behind; none: every service, and pairs.
 * @throws Error for a service that there is not, or for an offset that is no number
 */
export const rowsOf = (args: readonly string[]): readonly Row[] => {
  const names: readonly string[] = SERVICES.map(({ name }) => name);
  if (args.length === 0) return [...names.flatMap(bothWays), ...PAIRS];
  return args.flatMap((arg) => {
    for (const one of arg.split(',')) requireKnown(one, names);
    return arg.includes(':') ? [arg] : bothWays(arg);
  });
};

const bothWays = (name: string): Row[] => OFFSETS.map((offset) => `${name}:${String(offset)}`);

const requireKnown = (one: string, names: readonly string[]): void => {
  const [name = '', seconds] = one.split(':');
  if (!names.includes(name)) throw new Error(`there is no service ${name}; there are ${names.join(', ')}`);
  if (seconds !== undefined && !/^[+-]?\d+$/.test(seconds)) throw new Error(`${seconds} is no number of seconds`);
};

/** The services of a row with their offsets in seconds. */
export const clocksOf = (row: Row): readonly { readonly service: string; readonly seconds: number }[] =>
  row.split(',').map((one) => {
    const [service = '', seconds] = one.split(':');
    return { service, seconds: Number(seconds) };
  });

/** What was done and what of it was not: the steps begin with "step", see journey.ts. */
export const stepsOf = (output: string): readonly string[] =>
  [...output.matchAll(/^step {2}(.+)$/gm)].map((match) => match[1] ?? '');

/** One line of the table. */
export const lineOf = (row: Row, code: number, output: string): string => {
  const steps = stepsOf(output);
  const outcome =
    code === 0
      ? `holds: ${steps.join(', ')}`
      : `FAILS at "${steps.at(-1) ?? 'the start of the stack'}" after ${String(Math.max(0, steps.length - 1))} steps`;
  return `${row.padEnd(32)} ${outcome}`;
};
