import { randomUUID } from 'node:crypto';
import {
  buildASTSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';

/** One request with one value that nobody sends in good faith. */
export interface HostileRequest {
  /** Which argument of what, and the value, cut. */
  readonly label: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)]);
const VALUES: readonly unknown[] = [
  '',
  'a\u0000b',
  '\uD800',
  'a\u202Eb',
  'x'.repeat(100_000),
  "' OR 1=1 --",
  '0000-01-01T00:00:00Z',
  '+999999-12-31T23:59:59Z',
  '-271822-01-01T00:00:00Z',
  '275761-01-01T00:00:00Z',
  '1e400',
  0,
  -1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e308,
  5e-324,
  null,
  [null],
  ['', null],
  nested(200),
  {},
  { __proto__x: 1, constructor: null },
];

/**
 * Every argument of every query, mutation and entity field of a subgraph, and every field of its inputs, with every
 * hostile value while the rest is plausible.
 * @param ids of entities that exist, by type: their fields are asked for, and inputs name the department and the image
 */
export const hostileRequests = (sdl: string, ids: Readonly<Record<string, string>> = {}): HostileRequest[] => {
  const schema = buildASTSchema(parse(sdl), { assumeValid: true, assumeValidSDL: true });
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {})
      .filter(({ name }) => !name.startsWith('_'))
      .map((field) => ({ field, open: type === schema.getMutationType() ? 'mutation' : 'query', around: '%' })),
  );
  const entities = Object.entries(ids).flatMap(([typeName, id]) => {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return [];
    const around = `_entities(representations: [{ __typename: "${typeName}", id: "${id}" }]) { ... on ${typeName} { % } }`;
    return Object.values(type.getFields()).map((field) => ({ field, open: 'query', around }));
  });
  return [...roots, ...entities].flatMap(({ field, open, around }) => requestsOf(field, open, around, ids));
};

type Ids = Readonly<Record<string, string>>;

const requestsOf = (
  field: GraphQLField<unknown, unknown>,
  open: string,
  around: string,
  ids: Ids,
): HostileRequest[] => {
  const { args } = field;
  if (args.length === 0) return [];
  const query = documentOf(field, open, around);
  const plain = Object.fromEntries(args.map((argument) => [argument.name, plausible(argument.type, ids)]));
  return args.flatMap((argument) =>
    hostileValues(argument, ids).map(({ where, value }) => ({
      label: `${field.name}(${where}): ${JSON.stringify(value).slice(0, 60)}`,
      query,
      variables: { ...plain, [argument.name]: value },
    })),
  );
};

const documentOf = (field: GraphQLField<unknown, unknown>, open: string, around: string): string => {
  const head = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const call = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const body = isCompositeType(getNamedType(field.type)) ? '{ __typename }' : '';
  return `${open} (${head}) { ${around.replace('%', `${field.name}(${call}) ${body}`)} }`;
};

const hostileValues = ({ name, type }: GraphQLArgument, ids: Ids): { where: string; value: unknown }[] => {
  const whole = VALUES.map((value) => ({ where: name, value }));
  const input = getNamedType(type);
  if (!isInputObjectType(input)) return whole;
  const parts = Object.keys(input.getFields()).flatMap((part) =>
    VALUES.map((value) => ({
      where: `${name}.${part}`,
      value: { ...(plausible(input, ids) as Record<string, unknown>), [part]: value },
    })),
  );
  return [...whole, ...parts];
};

const PLAUSIBLE: Readonly<Record<string, () => unknown>> = {
  ID: () => randomUUID(),
  Int: () => 1,
  Float: () => 1,
  Boolean: () => true,
  DateTime: () => '2026-01-01T00:00:00Z',
};

const plausible = (type: GraphQLInputType, ids: Ids): unknown => {
  if (isNonNullType(type)) return plausible(type.ofType, ids);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return (PLAUSIBLE[type.name] ?? (() => `t-${randomUUID()}`))();
  const known: Readonly<Record<string, string | undefined>> = {
    departmentId: ids['Department'],
    imageId: ids['Image'],
  };
  const given = Object.values(type.getFields()).filter(
    (field) => isNonNullType(field.type) || known[field.name] !== undefined,
  );
  return Object.fromEntries(given.map((field) => [field.name, known[field.name] ?? plausible(field.type, ids)]));
};

/** Fewer than these are no proof: the schema was not understood. */
const LEAST_REQUESTS = 100;

/**
 * Asks everything of a schema in bad faith, some requests at a time.
 * @param ids of resources that exist, by type
 * @param ask answers the codes of the errors
 * @returns what was answered as if the service had failed, with the code
 */
export const hostileProblems = async (
  sdl: string,
  ids: Readonly<Record<string, string>>,
  ask: (query: string, variables: Record<string, unknown>) => Promise<readonly string[]>,
): Promise<string[]> => {
  const requests = hostileRequests(sdl, ids);
  const failures = requests.length > LEAST_REQUESTS ? [] : [`only ${requests.length} requests`];
  const waiting = [...requests];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { label, query, variables } = next;
      const codes = await ask(query, variables).catch((error: unknown) => [`INTERNAL ${String(error)}`]);
      for (const code of codes.filter((one) => one.startsWith('INTERNAL'))) failures.push(`${label} ${code}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return failures;
};
