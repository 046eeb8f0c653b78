import { describe, expect, it } from '@jest/globals';
import { chooseHost, type HostCandidate } from './placement.js';

const host = (overrides: Partial<HostCandidate>): HostCandidate => ({
  hostId: 'h1',
  hostname: 'h1',
  memoryMib: 4_096,
  committedMib: 0,
  cpus: 2,
  online: true,
  hasImage: true,
  ...overrides,
});
const request = { memoryMib: 1_024, vcpus: 1 };

describe('chooseHost', () => {
  it('takes the host with the most uncommitted memory', () => {
    const chosen = chooseHost([host({ committedMib: 2_000 }), host({ hostId: 'h2' })], request);
    expect(chosen.hostId).toBe('h2');
  });

  it('says that the memory exceeds every host', () => {
    expect(() => chooseHost([host({})], { memoryMib: 4_096, vcpus: 1 })).toThrow(
      expect.objectContaining({ code: 'MEMORY_EXCEEDS_HOST', details: { requestedMib: 4_096, largestMib: 3_584 } }),
    );
  });

  it('names the refusal of each host', () => {
    const hosts = [
      host({ online: false }),
      host({ hostId: 'h2', hasImage: false }),
      host({ hostId: 'h3', committedMib: 3_000 }),
    ];
    expect(() => chooseHost(hosts, request)).toThrow(
      expect.objectContaining({
        code: 'NO_SUITABLE_HOST',
        details: {
          hosts: [
            { hostId: 'h1', refusal: 'offline' },
            { hostId: 'h2', refusal: 'image-missing' },
            { hostId: 'h3', refusal: 'memory-committed' },
          ],
        },
      }),
    );
  });
});
