import { DomainError, type ErrorCode } from '@infinibay/contracts';
import type { z } from 'zod';

/**
 * Checks what GraphQL's types cannot say.
 * @throws DomainError INVALID_INPUT with every issue, or the more telling code that `codes` gives for a field.
 */
export const validateInput = <S extends z.ZodType>(
  schema: S,
  input: unknown,
  codes: Readonly<Record<string, ErrorCode>> = {},
): z.output<S> => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const code = issues.map((issue) => codes[issue.path]).find((found) => found !== undefined) ?? 'INVALID_INPUT';
  throw new DomainError(code, { issues });
};
