import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { GuestMetrics } from '@infinibay/contracts';
import fc from 'fast-check';
import { metricsFrame, nestedMetricsFrame } from '../testing/agent-frames.js';
import { decodeFrame } from './frame-decoder.js';

const decode = (text: string) => decodeFrame(Buffer.from(text.trimEnd()));
const metricsOf = (text: string): GuestMetrics => {
  const frame = decode(text);
  if (!frame.ok || frame.message.type !== 'metrics') throw new Error(`no sample: ${JSON.stringify(frame)}`);
  return frame.message.metrics;
};

const FIXTURES = fileURLToPath(new URL('../../../../native/infiniservice-protocol/fixtures', import.meta.url));
const fixtureLines = (existsSync(FIXTURES) ? readdirSync(FIXTURES) : [])
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) =>
    readFileSync(`${FIXTURES}/${name}`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line, index) => [`${name}:${index + 1}`, line] as const),
  );

describe(decodeFrame.name, () => {
  it('decodes both dialects into the same sample', () => {
    const newer = metricsOf(metricsFrame(42));
    expect(metricsOf(nestedMetricsFrame(42))).toEqual(newer);
    expect(newer).toMatchObject({
      uptimeSeconds: 42,
      cpuPercent: 12.5,
      memory: { totalKib: 196_608, usedKib: 40_960, availableKib: 150_000, swapTotalKib: null },
      load: { one: 0.1, five: 0.2, fifteen: 0.3 },
      interfaces: [{ name: 'eth0', addresses: ['10.0.0.2'], isUp: true }],
      processes: [
        {
          pid: 1,
          parentPid: 0,
          name: 'init',
          commandLine: '/init',
          cpuPercent: 0.5,
          memoryKib: 900,
          status: 'sleeping',
        },
      ],
    });
    expect(GuestMetrics.parse(newer)).toEqual(newer);
  });

  it('understands every line of the fixtures that are shared with the agent', () => {
    expect(fixtureLines.length).toBeGreaterThan(5);
    for (const [name, line] of fixtureLines) {
      const frame = decodeFrame(Buffer.from(line));
      expect({ name, ...frame }).toMatchObject({ name, ok: true });
      if (frame.ok && frame.message.type === 'metrics')
        expect(GuestMetrics.safeParse(frame.message.metrics).error).toBeUndefined();
    }
  });

  it('reads the other messages and leaves claims of identity out', () => {
    expect(
      decode('{"type":"handshake","vm_id":"other","version":"0.2.0","platform":"linux","capabilities":["metrics"]}'),
    ).toEqual({
      ok: true,
      message: { type: 'handshake', agentVersion: '0.2.0' },
    });
    expect(decode('{"type":"keep_alive","sequence_number":7,"timestamp":1}')).toEqual({
      ok: true,
      message: { type: 'keep_alive', sequenceNumber: 7 },
    });
    expect(decode('{"id":"1","success":true,"stdout":""}')).toEqual({
      ok: true,
      message: { type: 'other', name: 'response' },
    });
  });

  it.each([
    ['not json', 'not_json'],
    ['"text"', 'not_json'],
    ['[]', 'not_json'],
    ['{"type":"metrics"', 'not_json'],
    ['{"type":"hello"}', 'unknown_type'],
    ['{}', 'unknown_type'],
    ['{"type":"metrics","data":{}}', 'not_a_sample'],
    [
      '{"type":"metrics","data":{"system":{"system":{"uptime_seconds":"1"},"cpu":{"usage_percent":1},"memory":{"total_kb":1,"used_kb":1}}}}',
      'not_a_sample',
    ],
    [
      '{"type":"metrics","data":{"system":{"system":{"uptime_seconds":1e999},"cpu":{"usage_percent":1},"memory":{"total_kb":1,"used_kb":1}}}}',
      'not_a_sample',
    ],
    ['{"__proto__":{"type":"metrics"}}', 'forbidden_key'],
    ['['.repeat(20_000), 'too_deep'],
  ])('refuses %.60s', (text, refusal) => {
    expect(decode(text)).toEqual({ ok: false, refusal });
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(decodeFrame(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toEqual({ ok: false, refusal: 'not_utf8' });
  });

  it('clamps numbers, cuts text and keeps it storable, keeps 20 processes', () => {
    const data = {
      system: {
        system: { uptime_seconds: -5, hostname: `a\u0000b\n${'é'.repeat(300)}` },
        cpu: { usage_percent: 250, cores_usage: [-1, 'x', 101] },
        memory: { total_kb: 10, used_kb: 4 },
      },
      processes: Array.from({ length: 50 }, (_, pid) => ({ pid: pid + 0.5, name: '\ud800x' })),
    };
    const metrics = metricsOf(JSON.stringify({ type: 'metrics', data }));
    expect(GuestMetrics.safeParse(metrics).error).toBeUndefined();
    expect(metrics).toMatchObject({
      uptimeSeconds: 0,
      cpuPercent: 100,
      cores: [0, 0, 100],
      memory: { availableKib: 6 },
    });
    expect(metrics.hostname).toHaveLength(255);
    expect(metrics.hostname).toMatch(/^a b é+$/u);
    expect(metrics.processes).toHaveLength(20);
    expect(metrics.processes[0]).toMatchObject({ pid: 0, name: '\ufffdx' });
  });

  it('never throws and gives only samples that fit the contract, however a frame is broken', () => {
    const template = [metricsFrame(1).trimEnd(), nestedMetricsFrame(1).trimEnd()] as const;
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(
        fc.constantFrom(...template),
        fc.array(fc.tuple(fc.nat(200), value), { maxLength: 8 }),
        (text, edits) => {
          const frame = decode(JSON.stringify(replaceLeaves(JSON.parse(text), edits)));
          if (frame.ok && frame.message.type === 'metrics')
            expect(GuestMetrics.safeParse(frame.message.metrics).error).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...template),
        fc.array(fc.tuple(fc.nat(3_000), fc.nat(255)), { maxLength: 5 }),
        (text, edits) => {
          const bytes = Buffer.from(text);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          const frame = decodeFrame(bytes);
          if (frame.ok && frame.message.type === 'metrics')
            expect(GuestMetrics.safeParse(frame.message.metrics).error).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

/** Puts other values in place of the nth property, counted over the whole tree. */
const replaceLeaves = (tree: unknown, edits: readonly (readonly [number, unknown])[]): unknown => {
  const wanted = new Map(edits);
  let seen = 0;
  return JSON.parse(JSON.stringify(tree), (_key, value: unknown) => {
    const edit = wanted.get(seen);
    seen += 1;
    return edit === undefined ? value : edit;
  }) as unknown;
};
