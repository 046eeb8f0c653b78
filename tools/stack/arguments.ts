import { fleetSize } from './fleet.ts';
import { StackError } from './stack-error.ts';

/** What a command line asks for. */
export interface StackArguments {
  /** The command is about the simulated fleet, and not about what is real. */
  readonly isOfFleet: boolean;
  /** VMs of the fleet to start. */
  readonly fleetVms: number | undefined;
  /** What is left. */
  readonly args: readonly string[];
}

/** Commands whose arguments are all ours; those of the others belong to the programs that they run. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  start: ['--no-demo', '--exit-after-demo'],
  stop: [],
  reset: [],
  status: [],
};

/**
 * Reads `--fleet`, which a start says with a number and the others as their first argument. Whatever is not known is refused:
 * `reset` of the wrong one can't be taken back.
 * @throws StackError
 */
export function readArguments(
  command: string,
  given: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): StackArguments {
  if (environment['npm_config_fleet'] !== undefined)
    throw new StackError(
      `npm has kept --fleet for itself: npm ${command === 'start' ? '' : 'run '}${command} -- --fleet`,
    );
  const { isOfFleet, said, args } = command === 'start' ? ofStart(given) : ofOther(given);
  const unknown = FLAGS[command] === undefined ? undefined : args.find((arg) => !FLAGS[command]?.includes(arg));
  if (unknown !== undefined) throw new StackError(`${command} does not know ${unknown}`);
  return { isOfFleet, fleetVms: fleetSize(said), args };
}

type Read = Pick<StackArguments, 'isOfFleet' | 'args'> & { readonly said: string | undefined };

const ofStart = (given: readonly string[]): Read => {
  const at = given.findIndex((arg) => arg === '--fleet' || arg.startsWith('--fleet='));
  if (at === -1) return { isOfFleet: false, said: undefined, args: given };
  const joined = given[at]?.startsWith('--fleet=') === true;
  const said = joined ? given[at]?.slice('--fleet='.length) : (given[at + 1] ?? '');
  return { isOfFleet: true, said, args: given.toSpliced(at, joined ? 1 : 2) };
};

const ofOther = (given: readonly string[]): Read => {
  const isOfFleet = given[0] === '--fleet';
  return { isOfFleet, said: undefined, args: isOfFleet ? given.slice(1) : given };
};
