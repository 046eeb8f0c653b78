import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { FieldBound, ListBounds } from './list-bounds.js';

/** How big a selection is once every fragment is put in its place. */
export interface DocumentSize {
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  readonly directives: number;
  readonly fields: number;
  readonly cost: number;
}

export type Variables = Readonly<Record<string, unknown>>;

const NOTHING: DocumentSize = { depth: 0, aliases: 0, rootFields: 0, directives: 0, fields: 0, cost: 0 };
/** As many numbers or words of a list as one field costs. */
const LEAVES_PER_POINT = 16;
const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;
const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type']);

/** A fragment that contains itself. Validation would refuse it too, but only later. */
export class FragmentCycleError extends Error {
  override readonly name = 'FragmentCycleError';
}

/**
 * Measures the largest operation of a document without expanding anything: the size of each fragment is computed once,
 * so that a bomb of fragments takes as long as its text and counts as what it would become. Each list counts by its
 * size argument or by the bound that the schema declares. Numbers of a bomb may be Infinity.
 * @throws FragmentCycleError
 */
export const measureDocument = (document: DocumentNode, variables: Variables, bounds: ListBounds): DocumentSize => {
  const fragments = fragmentsOf(document);
  return document.definitions
    .filter((definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => new Measure(fragments, variablesOf(operation, variables), bounds).operation(operation))
    .reduce(largest, NOTHING);
};

/** Whether the document asks for the schema itself anywhere. */
export const asksForSchema = (document: DocumentNode): boolean =>
  document.definitions.some((definition) => 'selectionSet' in definition && setAsksForSchema(definition.selectionSet));

const setAsksForSchema = (set: SelectionSetNode | undefined): boolean =>
  set?.selections.some(
    (node) =>
      (node.kind === Kind.FIELD && INTROSPECTION.has(node.name.value)) ||
      (node.kind !== Kind.FRAGMENT_SPREAD && setAsksForSchema(node.selectionSet)),
  ) ?? false;

/** What the operation's variables will hold: a default counts like a number that the client sent. */
const variablesOf = (operation: OperationDefinitionNode, given: Variables): Variables => {
  const defaults = (operation.variableDefinitions ?? []).map(({ variable, defaultValue }): [string, unknown] => [
    variable.name.value,
    defaultValue?.kind === Kind.INT ? Number(defaultValue.value) : undefined,
  ]);
  return { ...Object.fromEntries(defaults), ...given };
};

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );

class Measure {
  private readonly known = new Map<string, DocumentSize>();
  private readonly open = new Set<string>();

  constructor(
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly variables: Variables,
    private readonly bounds: ListBounds,
  ) {}

  operation(operation: OperationDefinitionNode): DocumentSize {
    const size = this.selections(operation.selectionSet, ROOTS[operation.operation]);
    return { ...size, directives: size.directives + (operation.directives?.length ?? 0) };
  }

  private selections(set: SelectionSetNode, type: string): DocumentSize {
    return set.selections
      .map((node): DocumentSize => {
        if (node.kind === Kind.FIELD) return this.field(node, type);
        const inner =
          node.kind === Kind.INLINE_FRAGMENT
            ? this.selections(node.selectionSet, node.typeCondition?.name.value ?? type)
            : this.spread(node.name.value);
        return { ...inner, directives: inner.directives + (node.directives?.length ?? 0) };
      })
      .reduce(together, NOTHING);
  }

  private field(field: FieldNode, type: string): DocumentSize {
    const bound = this.bounds.get(type)?.get(field.name.value);
    const inner = field.selectionSet === undefined ? NOTHING : this.selections(field.selectionSet, bound?.type ?? '');
    return {
      // The schema is as deep as tools ask for it; fields and tokens bound it.
      depth: INTROSPECTION.has(field.name.value) ? 1 : inner.depth + 1,
      aliases: inner.aliases + (field.alias === undefined ? 0 : 1),
      rootFields: 1,
      directives: inner.directives + (field.directives?.length ?? 0),
      fields: inner.fields + 1,
      cost: bound === undefined ? 1 + inner.cost : this.costOf(field, bound, inner.cost),
    };
  }

  private costOf(field: FieldNode, bound: FieldBound, inner: number): number {
    const entries = this.entriesOf(field, bound);
    if (bound.list && bound.leaf) return bound.weight + Math.ceil(entries / LEAVES_PER_POINT);
    return bound.weight + entries * inner;
  }

  /** The fragment has a type of its own, so its size does not depend on where it is spread. */
  private spread(name: string): DocumentSize {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const fragment = this.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    if (this.open.has(name)) throw new FragmentCycleError(`fragment ${name} contains itself`);
    this.open.add(name);
    const size = this.selections(fragment.selectionSet, fragment.typeCondition.name.value);
    this.open.delete(name);
    this.known.set(name, size);
    return size;
  }

  /** Entries that the field may give: what its size argument says, or the bound that the schema declares. */
  private entriesOf(field: FieldNode, bound: FieldBound): number {
    const argument = field.arguments?.find((candidate) => candidate.name.value === bound.sizeArgument);
    const value = argument === undefined ? undefined : this.valueOf(argument.value);
    if (Array.isArray(value)) return value.length;
    return typeof value === 'number' && value >= 1 ? value : bound.size;
  }

  private valueOf(value: ValueNode): unknown {
    if (value.kind === Kind.INT) return Number(value.value);
    if (value.kind === Kind.LIST) return value.values;
    return value.kind === Kind.VARIABLE ? this.variables[value.name.value] : undefined;
  }
}

const together = (a: DocumentSize, b: DocumentSize): DocumentSize => ({
  depth: Math.max(a.depth, b.depth),
  aliases: a.aliases + b.aliases,
  rootFields: a.rootFields + b.rootFields,
  directives: a.directives + b.directives,
  fields: a.fields + b.fields,
  cost: a.cost + b.cost,
});

const largest = (a: DocumentSize, b: DocumentSize): DocumentSize => ({
  depth: Math.max(a.depth, b.depth),
  aliases: Math.max(a.aliases, b.aliases),
  rootFields: Math.max(a.rootFields, b.rootFields),
  directives: Math.max(a.directives, b.directives),
  fields: Math.max(a.fields, b.fields),
  cost: Math.max(a.cost, b.cost),
});
