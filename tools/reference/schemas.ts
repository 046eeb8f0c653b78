import { EventEnvelope, ReplyEnvelope, RequestEnvelope, type AnyContract } from '@infinibay/contracts';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One message as it is on the wire. */
export interface MessageSchema {
  /** Also the name of its file, without `.json`: `<name>.v<version>` and `<name>.v<version>.reply`. */
  readonly id: string;
  readonly title: string;
  readonly schema: JsonSchema;
  /** A whole example, envelope included. */
  readonly example: unknown;
}

const EXAMPLE_ID = '0196f5a0-0000-7000-8000-00000000e0e0';
const EXAMPLE_TIME = '2026-11-22T10:00:00.000Z';
const EXAMPLE_DEPARTMENT = '0196f5a0-0000-7000-8000-0000000000d1';
const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';

/** What a receiver must accept: fields with a default may be absent, fields that it doesn't know may be there. Draft 7, as AsyncAPI reads it. */
const toSchema = (type: z.ZodType): JsonSchema => z.toJSONSchema(type, { io: 'input', target: 'draft-7' });

const exampleRequest = (contract: AnyContract, data: unknown): unknown => ({
  id: EXAMPLE_ID,
  name: contract.name,
  version: contract.version,
  correlationId: 'a-request',
  deadline: Date.parse(EXAMPLE_TIME) + 5_000,
  actor: { kind: 'user', id: '0196f5a0-0000-7000-8000-0000000000a1' },
  data,
});

const exampleEvent = (contract: AnyContract, data: unknown): unknown => ({
  id: EXAMPLE_ID,
  name: contract.name,
  version: contract.version,
  occurredAt: EXAMPLE_TIME,
  departmentId: EXAMPLE_DEPARTMENT,
  resource: { kind: contract.name.split('.')[0], id: EXAMPLE_VM },
  actor: { kind: 'service', id: 'vms' },
  correlationId: 'a-request',
  causationId: null,
  data,
});

const naming = (contract: AnyContract) => ({ name: z.literal(contract.name), version: z.literal(contract.version) });

const failureOf = (): z.ZodType => {
  const failure = ReplyEnvelope.options.find((option) => !option.shape.ok.value);
  if (failure === undefined) throw new Error('ReplyEnvelope has no failure');
  return failure;
};

/** The messages of a contract: one for an event or a report, the request and its reply for a command or a query. */
export const messagesOf = (contract: AnyContract): readonly MessageSchema[] => {
  const id = `${contract.name}.v${String(contract.version)}`;
  if (contract.type === 'event') {
    const type = EventEnvelope.extend({ ...naming(contract), data: contract.data });
    return [{ id, title: contract.name, schema: toSchema(type), example: exampleEvent(contract, contract.example) }];
  }
  if (contract.type === 'report') {
    return [{ id, title: contract.name, schema: toSchema(contract.data), example: contract.example }];
  }
  const request = RequestEnvelope.extend({ ...naming(contract), data: contract.request });
  const reply = z.union([z.object({ ok: z.literal(true), data: contract.reply }), failureOf()]);
  return [
    {
      id,
      title: contract.name,
      schema: toSchema(request),
      example: exampleRequest(contract, contract.example.request),
    },
    {
      id: `${id}.reply`,
      title: `reply to ${contract.name}`,
      schema: toSchema(reply),
      example: { ok: true, data: contract.example.reply },
    },
  ];
};

/** The schema as a file of its own. */
export const asDocument = (message: MessageSchema, description: string): JsonSchema => ({
  ...message.schema,
  $id: `${message.id}.json`,
  title: message.title,
  description,
  examples: [message.example],
});

const MAPS_OF_SCHEMAS = new Set(['properties', 'patternProperties', 'definitions', '$defs']);
const ANNOTATIONS = new Set(['description', 'title', 'examples', '$id', '$schema', '$comment']);
const PLAIN_VALUES = new Set(['const', 'enum', 'default']);

/** The part of a schema that decides what fits it, with keys in order: two that accept the same by the same words are equal. */
export const essence = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(essence);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema)
    .filter(([key]) => !ANNOTATIONS.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]): [string, unknown] => [key, essenceOfValue(key, value)]);
  return Object.fromEntries(entries);
};

const essenceOfValue = (key: string, value: unknown): unknown => {
  if (key === 'required' && Array.isArray(value)) return value.map(String).sort();
  if (PLAIN_VALUES.has(key)) return value;
  if (!MAPS_OF_SCHEMAS.has(key) || typeof value !== 'object' || value === null) return essence(value);
  // Here the keys are names that the contract chose, such as a property called `description`.
  const named = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(named.map(([name, one]) => [name, essence(one)]));
};
