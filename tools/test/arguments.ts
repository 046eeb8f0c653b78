/** What the command line of a test run says. */
export interface TestArguments<Step> {
  readonly steps: readonly Step[];
  readonly jestArgs: readonly string[];
}

/** Reads `[--only a,b] [-- jest arguments]`. Throws on anything else, naming the steps that exist. */
export function parseArguments<Step extends { readonly name: string }>(
  argv: readonly string[],
  all: readonly Step[],
): TestArguments<Step> {
  const separator = argv.indexOf('--');
  const own = separator === -1 ? argv : argv.slice(0, separator);
  const jestArgs = separator === -1 ? [] : argv.slice(separator + 1);
  const [flag, names, ...rest] =
    own[0]?.startsWith('--only=') === true ? ['--only', own[0].slice('--only='.length), ...own.slice(1)] : own;
  if (flag === undefined) return { steps: all, jestArgs };
  const usage = `usage: [--only ${all.map((step) => step.name).join(',')}] [-- <jest arguments>]`;
  if (flag !== '--only' || names === undefined || rest.length > 0) throw new Error(usage);
  const chosen = new Set(names.split(','));
  const unknown = [...chosen].filter((name) => !all.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`unknown step ${unknown.join(', ')}; ${usage}`);
  return { steps: all.filter((step) => chosen.has(step.name)), jestArgs };
}
