/** What the command line of a test run says. */
export interface TestArguments<Step> {
  readonly steps: readonly Step[];
  readonly jestArgs: readonly string[];
  /** Whether other work takes the processors meanwhile. */
  readonly underLoad: boolean;
}

/** Reads `[--under-load] [--only a,b] [-- jest arguments]`. Throws on anything else, naming the steps that exist. */
export function parseArguments<Step extends { readonly name: string }>(
  argv: readonly string[],
  all: readonly Step[],
): TestArguments<Step> {
  const separator = argv.indexOf('--');
  const own = separator === -1 ? argv : argv.slice(0, separator);
  const jestArgs = separator === -1 ? [] : argv.slice(separator + 1);
  const usage = `usage: [--under-load] [--only ${all.map((step) => step.name).join(',')}] [-- <jest arguments>]`;
  let underLoad = false;
  let only: string | undefined;
  const rest = own.flatMap((word) => (word.startsWith('--only=') ? ['--only', word.slice('--only='.length)] : [word]));
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--under-load') underLoad = true;
    else if (word === '--only' && only === undefined && rest.length > 0) only = rest.shift();
    else throw new Error(usage);
  }
  if (only === undefined) return { steps: all, jestArgs, underLoad };
  const chosen = new Set(only.split(','));
  const unknown = [...chosen].filter((name) => !all.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`unknown step ${unknown.join(', ')}; ${usage}`);
  return { steps: all.filter((step) => chosen.has(step.name)), jestArgs, underLoad };
}
