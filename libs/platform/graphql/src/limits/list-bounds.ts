import {
  Kind,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  type DirectiveNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

export const LIST_SIZE_ARGUMENTS: readonly string[] = ['first', 'last', 'limit'];
/** A list without a declared bound is counted like the largest page. A spec keeps such lists out of the schema. */
export const UNDECLARED_LIST_SIZE = 200;
/** The field of federation by which entities are asked for. */
export const ENTITIES_FIELD = '_entities';

/** How many entries a field gives at most, and what it costs to begin with. */
export interface FieldBound {
  /** Name of the type that is selected from. */
  readonly type: string;
  readonly leaf: boolean;
  readonly list: boolean;
  readonly weight: number;
  /** Entries unless the argument says otherwise; 1 for what is no list. */
  readonly size: number;
  /** The argument that says how many. */
  readonly sizeArgument: string | undefined;
  /** False for a list of which nobody said how long it may be. */
  readonly declared: boolean;
}

/** The bounds of every field, by type and name. */
export type ListBounds = ReadonlyMap<string, ReadonlyMap<string, FieldBound>>;

type AnyField = GraphQLField<unknown, unknown>;

/** Reads `@listSize` and `@cost` (Apollo's cost specification 0.1) from the schema, also from a supergraph. */
export const readListBounds = (schema: GraphQLSchema): ListBounds => {
  const types = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  );
  const connections = connectionsOf(types);
  return new Map(
    types.map((type) => [
      type.name,
      new Map(Object.values(type.getFields()).map((field) => [field.name, boundOf(field, connections.has(type.name))])),
    ]),
  );
};

/** Lists of which nobody said how long they may be, as `Type.field`. */
export const undeclaredLists = (bounds: ListBounds): string[] =>
  [...bounds].flatMap(([type, fields]) =>
    [...fields].filter(([, bound]) => !bound.declared).map(([field]) => `${type}.${field}`),
  );

/** Types that are only reached through a field with a size argument: that argument counts their lists already. */
const connectionsOf = (types: readonly GraphQLObjectType[]): ReadonlySet<string> => {
  const reached = new Map<string, boolean>();
  for (const field of types.flatMap((type): AnyField[] => Object.values(type.getFields()))) {
    const name = getNamedType(field.type).name;
    const sized = !isList(field.type) && sizeArgumentOf(field) !== undefined;
    reached.set(name, (reached.get(name) ?? true) && sized);
  }
  return new Set([...reached].filter(([, sized]) => sized).map(([name]) => name));
};

const boundOf = (field: AnyField, inConnection: boolean): FieldBound => {
  const list = isList(field.type);
  const argument = sizeArgumentOf(field);
  const assumed = integerOf(directive(field, 'listSize'), 'assumedSize');
  const unsized = list && inConnection ? 1 : assumed;
  const type = getNamedType(field.type);
  const fallback = typeof argument?.defaultValue === 'number' ? argument.defaultValue : UNDECLARED_LIST_SIZE;
  return {
    type: type.name,
    leaf: !('getFields' in type) && !('getTypes' in type),
    list,
    weight: integerOf(directive(field, 'cost'), 'weight') ?? 1,
    size: argument === undefined ? (unsized ?? (list ? UNDECLARED_LIST_SIZE : 1)) : (assumed ?? fallback),
    sizeArgument: argument?.name,
    declared: !list || argument !== undefined || unsized !== undefined,
  };
};

export const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type);

/** A subgraph's `_entities` gives one entry for each representation. */
const sizeArgumentOf = (field: AnyField) =>
  field.args.find(({ name }) =>
    field.name === ENTITIES_FIELD ? name === 'representations' : LIST_SIZE_ARGUMENTS.includes(name),
  );

const directive = (field: Pick<AnyField, 'astNode'>, name: string): DirectiveNode | undefined =>
  field.astNode?.directives?.find((node) => node.name.value === name || node.name.value === `federation__${name}`);

const integerOf = (node: DirectiveNode | undefined, name: string): number | undefined => {
  const value = node?.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.INT ? Number(value.value) : undefined;
};

/** How long the field's list may be, where the schema says so. */
export const assumedSizeOf = (field: Pick<AnyField, 'astNode'>): number | undefined =>
  integerOf(directive(field, 'listSize'), 'assumedSize');
