/**
 * Careful reading of what a guest sent: wrong types read as absent, numbers are clamped to the contract's range,
 * text is cut to its limit and made storable.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectAt = (from: JsonObject, key: string): JsonObject | undefined => {
  const value = from[key];
  return isObject(value) ? value : undefined;
};

/** The objects of an array, at most `limit`; an absent or wrong array is empty. */
export const objectsAt = (from: JsonObject, key: string, limit: number): JsonObject[] => {
  const value = from[key];
  return Array.isArray(value) ? value.slice(0, limit).filter(isObject) : [];
};

const clamp = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, 0), most) : undefined;

/** A number of at least 0; undefined when there is none or it is not finite. */
export const countAt = (from: JsonObject, key: string): number | undefined => clamp(from[key], Number.MAX_SAFE_INTEGER);

/** Of GraphQL's Int, and more than any kernel gives as a process id. */
export const MAX_INT32 = 2_147_483_647;

/** A process id; undefined when there is none or it can't be one. It is not clamped: that would be another process. */
export const processIdAt = (from: JsonObject, key: string): number | undefined => {
  const value = from[key];
  const is = typeof value === 'number' && value >= 0 && value <= MAX_INT32;
  return is ? Math.trunc(value) : undefined;
};

export const integerAt = (from: JsonObject, key: string): number | undefined => {
  const value = countAt(from, key);
  return value === undefined ? undefined : Math.trunc(value);
};

export const percentAt = (from: JsonObject, key: string): number | undefined => clamp(from[key], 100);

export const percentsAt = (from: JsonObject, key: string, limit: number): number[] => {
  const value = from[key];
  return Array.isArray(value) ? value.slice(0, limit).map((item) => clamp(item, 100) ?? 0) : [];
};

/**
 * Text of at most `limit` UTF-16 units. PostgreSQL stores neither NUL nor half surrogates, and control characters would
 * break whatever prints the text: both are replaced.
 */
export const cleanText = (text: string, limit: number): string =>
  text
    .slice(0, limit)
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd');

export const textAt = (from: JsonObject, key: string, limit: number): string | undefined => {
  const value = from[key];
  return typeof value === 'string' ? cleanText(value, limit) : undefined;
};

export const textsAt = (from: JsonObject, key: string, limits: { items: number; length: number }): string[] => {
  const value = from[key];
  if (!Array.isArray(value)) return [];
  return value
    .filter((item): item is string => typeof item === 'string')
    .slice(0, limits.items)
    .map((item) => cleanText(item, limits.length));
};
