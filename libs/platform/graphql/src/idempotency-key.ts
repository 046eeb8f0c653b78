import { createHash } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import {
  defaultFieldResolver,
  getNamedType,
  isInputObjectType,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';

/** Description of the field `idempotencyKey` of every input. */
export const KEY_DESCRIPTION =
  'Your own key, 8 to 128 printable ASCII characters: the same key again gives the same result without acting twice, for as long as the operator keeps history (90 days by default). Needed here or in the header Idempotency-Key';

const MAX_KEY_LENGTH = 128;

interface Keyed {
  readonly graph: { readonly idempotencyKey?: string | undefined };
}

/**
 * Gives the key of the request's header to each mutation whose input has none.
 * @param schema is changed
 */
export const withHeaderKeys = (schema: GraphQLSchema): GraphQLSchema => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (!takesKey(field)) continue;
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args: Arguments, context: Keyed, info): unknown =>
      resolve(source, keyed(args, context.graph.idempotencyKey, info), context, info);
  }
  return schema;
};

const takesKey = (field: GraphQLField<unknown, unknown>): boolean => {
  const input = field.args.find(({ name }) => name === 'input');
  const type = input === undefined ? undefined : getNamedType(input.type);
  return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
};

type Arguments = Readonly<Record<string, unknown>>;

/** @throws DomainError IDEMPOTENCY_KEYS_DIFFER */
const keyed = (args: Arguments, header: string | undefined, info: GraphQLResolveInfo): Arguments => {
  const { input } = args;
  if (header === undefined || typeof input !== 'object' || input === null) return args;
  const own: unknown = 'idempotencyKey' in input ? input.idempotencyKey : undefined;
  if (own === undefined || own === null)
    return { ...args, input: { ...input, idempotencyKey: keyOf(header, info.path.key, info.fieldName) } };
  if (own !== header) throw new DomainError('IDEMPOTENCY_KEYS_DIFFER', { field: String(info.path.key) });
  return args;
};

/**
 * Keys count for each mutation by itself, so that several different ones of a document may have the same. Those under an
 * alias get it into their key: only by that can one mutation stand in a document twice.
 */
const keyOf = (header: string, alias: string | number, mutation: string): string => {
  if (alias === mutation) return header;
  const key = `${header}:${String(alias)}`;
  // A header that is no key stays none.
  if (key.length <= MAX_KEY_LENGTH || header.length > MAX_KEY_LENGTH) return key;
  return createHash('sha256').update(key).digest('base64url');
};
