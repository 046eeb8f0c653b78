/** Bounds on a frame that hold before JSON.parse sees it. A Windows guest with 300 services and 2,000 sockets has some 25,000 values. */
export const FRAME_LIMITS = { depth: 16, keysPerObject: 256, itemsPerArray: 8_192, values: 65_536 } as const;

/** Why a frame was refused without parsing it. */
export type ScanRefusal = 'too_deep' | 'too_many_values' | 'forbidden_key';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'].map((key) => Buffer.from(key));

/**
 * One pass over the bytes of a JSON text that bounds its depth and its numbers of keys, items and values, and refuses
 * keys that reach into JavaScript's object model. Keys with escapes are refused as well: no agent writes them, and they
 * could spell a forbidden one. JSON.parse accepts a depth of five million and blocks for seconds; so this comes first.
 * Text that is not JSON at all passes here and is refused by JSON.parse.
 */
class FrameScan {
  private depth = 0;
  private values = 1;
  /** Per open container: 1 for an object, 0 for an array; and how many separators it has had. */
  private readonly isObject = new Uint8Array(FRAME_LIMITS.depth + 1);
  private readonly members = new Uint16Array(FRAME_LIMITS.depth + 1);
  private atKey = false;

  constructor(private readonly bytes: Buffer) {}

  run(): ScanRefusal | undefined {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        const end = this.endOfString(at);
        if (this.atKey && this.isForbidden(at + 1, end)) return 'forbidden_key';
        this.atKey = false;
        at = end;
        continue;
      }
      const refusal = this.structure(byte);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  private structure(byte: number | undefined): ScanRefusal | undefined {
    switch (byte) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        return this.open(byte === OPEN_OBJECT);
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.depth = Math.max(0, this.depth - 1);
        this.atKey = false;
        return undefined;
      case COMMA:
        return this.separate();
      default:
        return undefined;
    }
  }

  private open(isObject: boolean): ScanRefusal | undefined {
    this.depth += 1;
    if (this.depth > FRAME_LIMITS.depth) return 'too_deep';
    this.isObject[this.depth] = isObject ? 1 : 0;
    this.members[this.depth] = 1;
    this.atKey = isObject;
    this.values += 1;
    return this.values > FRAME_LIMITS.values ? 'too_many_values' : undefined;
  }

  private separate(): ScanRefusal | undefined {
    const isObject = this.depth > 0 && this.isObject[this.depth] === 1;
    const members = (this.members[this.depth] ?? 0) + 1;
    this.members[this.depth] = members;
    this.values += 1;
    this.atKey = isObject;
    const limit = isObject ? FRAME_LIMITS.keysPerObject : FRAME_LIMITS.itemsPerArray;
    return members > limit || this.values > FRAME_LIMITS.values ? 'too_many_values' : undefined;
  }

  /** @returns the index of the closing quote, or of the last byte when there is none. */
  private endOfString(start: number): number {
    const { bytes } = this;
    for (let at = start + 1; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) return at;
    }
    return bytes.length;
  }

  private isForbidden(start: number, end: number): boolean {
    const key = this.bytes.subarray(start, end);
    return key.includes(BACKSLASH) || FORBIDDEN_KEYS.some((forbidden) => forbidden.equals(key));
  }
}

/** @returns why the frame must not be parsed; undefined when it may. */
export const scanFrame = (bytes: Buffer): ScanRefusal | undefined => new FrameScan(bytes).run();
