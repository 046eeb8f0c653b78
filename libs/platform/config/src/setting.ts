import type { z } from 'zod';

/** One configuration key: read from the environment variable of the same name. */
export interface Setting<TSchema extends z.ZodType = z.ZodType> {
  readonly schema: TSchema;
  readonly description: string;
  /** Never printed, neither in errors nor in the log of the configuration. */
  readonly secret: boolean;
  /** Shown in the reference and .env.example; undefined means that the key is required. */
  readonly example: string | undefined;
}

export type ConfigSchema = Readonly<Record<string, Setting>>;

export type ConfigOf<S extends ConfigSchema> = {
  readonly [K in keyof S]: S[K] extends Setting<infer TSchema> ? z.output<TSchema> : never;
};

/** Declares one key. The schema must accept the environment's text (use z.coerce for numbers). */
export const setting = <TSchema extends z.ZodType>(
  schema: TSchema,
  description: string,
  options: { secret?: boolean; example?: string } = {},
): Setting<TSchema> => ({
  schema,
  description,
  secret: options.secret ?? false,
  example: options.example,
});
