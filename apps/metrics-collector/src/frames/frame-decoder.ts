import { isUtf8 } from 'node:buffer';
import type { GuestMetrics } from '@infinibay/contracts';
import { scanFrame, type ScanRefusal } from './frame-scanner.js';
import { integerAt, isObject, objectAt, textAt, type JsonObject } from './json-fields.js';
import { decodeMetrics } from './metrics-decoder.js';

/** Messages that agents send and this service has no use for yet. */
const OTHER_TYPES = [
  'response',
  'error',
  'error_report',
  'circuit_breaker_state',
  'connection_status',
  'ping',
  'agent_event',
  'script_completion',
] as const;
type OtherType = (typeof OTHER_TYPES)[number];
const isOtherType = (type: unknown): type is OtherType => OTHER_TYPES.some((known) => known === type);

/** What a guest said. Claims about who it is are left out: the socket's path is the only identity. */
export type GuestMessage =
  | { readonly type: 'handshake'; readonly agentVersion: string | null }
  | { readonly type: 'metrics'; readonly metrics: GuestMetrics }
  | { readonly type: 'keep_alive'; readonly sequenceNumber: number }
  | { readonly type: 'other'; readonly name: OtherType };

export type FrameRefusal = ScanRefusal | 'not_utf8' | 'not_json' | 'unknown_type' | 'not_a_sample';

export const FRAME_REFUSALS: readonly FrameRefusal[] = [
  'too_deep',
  'too_many_values',
  'forbidden_key',
  'not_utf8',
  'not_json',
  'unknown_type',
  'not_a_sample',
];

export type DecodedFrame =
  { readonly ok: true; readonly message: GuestMessage } | { readonly ok: false; readonly refusal: FrameRefusal };

const refuse = (refusal: FrameRefusal): DecodedFrame => ({ ok: false, refusal });
const accept = (message: GuestMessage): DecodedFrame => ({ ok: true, message });

/** Decodes one line of a guest. Never throws, whatever the bytes are. */
export const decodeFrame = (line: Buffer): DecodedFrame => {
  if (!isUtf8(line)) return refuse('not_utf8');
  const refusal = scanFrame(line);
  if (refusal !== undefined) return refuse(refusal);
  const frame = parse(line.toString('utf8'));
  return isObject(frame) ? decodeMessage(frame) : refuse('not_json');
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const decodeMessage = (frame: JsonObject): DecodedFrame => {
  const type = frame['type'];
  switch (type) {
    case 'metrics': {
      const data = objectAt(frame, 'data');
      const metrics = data === undefined ? undefined : decodeMetrics(data);
      return metrics === undefined ? refuse('not_a_sample') : accept({ type, metrics });
    }
    case 'handshake':
      return accept({ type, agentVersion: textAt(frame, 'version', 64) ?? null });
    case 'keep_alive':
      return accept({ type, sequenceNumber: integerAt(frame, 'sequence_number') ?? 0 });
    default:
      if (isOtherType(type)) return accept({ type: 'other', name: type });
      // Agents 0.1.1 leave the type of a response out.
      return type === undefined && 'success' in frame
        ? accept({ type: 'other', name: 'response' })
        : refuse('unknown_type');
  }
};
