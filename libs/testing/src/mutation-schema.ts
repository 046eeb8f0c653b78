import { Kind, parse, valueFromASTUntyped, type InputObjectTypeDefinitionNode, type TypeNode } from 'graphql';

export interface InputField {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** undefined when there is none */
  readonly defaultValue: unknown;
}

export interface KeyedMutation {
  readonly name: string;
  readonly inputType: string;
  readonly fields: readonly InputField[];
}

/** The mutations of a schema that take an idempotency key, with what else their input has. */
export const keyedMutations = (sdl: string): KeyedMutation[] => {
  const { definitions } = parse(sdl);
  const inputs = new Map(
    definitions
      .filter((node) => node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      .map((node) => [node.name.value, fieldsOf(node)]),
  );
  return definitions
    .filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION)
    .filter((node) => node.name.value === 'Mutation')
    .flatMap((node) => node.fields ?? [])
    .flatMap(({ name, arguments: args = [] }) => {
      const inputType = nameOf(args.find((argument) => argument.name.value === 'input')?.type);
      const fields = inputs.get(inputType) ?? [];
      return fields.some((field) => field.name === 'idempotencyKey') ? [{ name: name.value, inputType, fields }] : [];
    });
};

/** Other ways to write the same input: what is left out as null, and as its default. */
export const spellingsOf = (
  mutation: KeyedMutation,
  input: Readonly<Record<string, unknown>>,
  nullHasMeaning: readonly string[] = [],
): Record<string, unknown>[] => {
  const leftOut = mutation.fields.filter(({ name }) => !(name in input) && name !== 'idempotencyKey');
  const nulls = leftOut.filter(({ name, isNullable }) => isNullable && !nullHasMeaning.includes(name));
  const defaults = leftOut.filter(({ defaultValue }) => defaultValue !== undefined && defaultValue !== null);
  return [
    { ...input, ...Object.fromEntries(nulls.map(({ name }) => [name, null])) },
    { ...input, ...Object.fromEntries(defaults.map(({ name, defaultValue }) => [name, defaultValue])) },
  ];
};

const fieldsOf = (node: InputObjectTypeDefinitionNode): InputField[] =>
  (node.fields ?? []).map(({ name, type, defaultValue }) => ({
    name: name.value,
    type: nameOf(type),
    isNullable: type.kind !== Kind.NON_NULL_TYPE,
    defaultValue: defaultValue === undefined ? undefined : valueFromASTUntyped(defaultValue),
  }));

const nameOf = (type: TypeNode | undefined): string => {
  if (type === undefined) return '';
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
};
