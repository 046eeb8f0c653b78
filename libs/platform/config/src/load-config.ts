import type { ConfigOf, ConfigSchema } from './setting.js';

/** All that is wrong with the configuration, in one error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Reads every key of the schema from the environment once.
 * @throws ConfigError naming every bad or missing key; values of secret keys are never shown.
 */
export const loadConfig = <S extends ConfigSchema>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ConfigOf<S> => {
  const problems: string[] = [];
  const entries = Object.entries(schema).map(([key, setting]) => {
    const text = environment[key];
    // An empty variable is how shells and compose files say "not set".
    const result = setting.schema.safeParse(text === '' ? undefined : text);
    if (!result.success) {
      const reason = result.error.issues.map((issue) => issue.message).join('; ');
      const shown =
        text === undefined || text === '' ? 'missing' : setting.secret ? 'secret value' : JSON.stringify(text);
      problems.push(`${key} (${shown}): ${reason}`);
    }
    return [key, result.data] as const;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(Object.fromEntries(entries)) as ConfigOf<S>;
};

/** The configuration as it may be logged. */
export const redactConfig = <S extends ConfigSchema>(schema: S, config: ConfigOf<S>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, schema[key]?.secret === true ? '[redacted]' : value]),
  );
