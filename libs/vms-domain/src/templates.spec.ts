import type { VmSizes } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { ED25519, HASHES, publicKey } from './cloud-init/cloud-init.fixture.js';
import { CloudInit } from './cloud-init/cloud-init.js';
import { specOfSizes } from './spec/vm-spec.js';
import {
  NO_LIMITS,
  TemplateLimits,
  cloudInitOver,
  isUnlimited,
  outsideLimits,
  requireWithinLimits,
  sizesOver,
  type SaidSizes,
} from './templates.js';

const NOTHING_SAID = { vcpus: null, maxVcpus: null, memoryMib: null, maxMemoryMib: null };
const template = specOfSizes({ vcpus: 2, maxVcpus: 4, memoryMib: 1_024, maxMemoryMib: 1_024 }, true);

describe(sizesOver, () => {
  const cases: readonly (readonly [string, Partial<SaidSizes>, Partial<VmSizes>])[] = [
    ['nothing', {}, {}],
    ['one size, which the others stay beside', { vcpus: 1 }, { vcpus: 1 }],
    ['more than there is room for, and the room rises', { vcpus: 8 }, { vcpus: 8, maxVcpus: 8 }],
    ['a size without room, which stays without', { memoryMib: 512 }, { memoryMib: 512, maxMemoryMib: 512 }],
    ['room alone', { maxMemoryMib: 2_048 }, { maxMemoryMib: 2_048 }],
  ];
  it.each(cases)('takes over the template: %s', (_what, said, changed) => {
    const { version: _version, autostart: _autostart, links: _links, hardware: _hardware, ...sizes } = template;
    expect(sizesOver(template, { ...NOTHING_SAID, ...said })).toEqual({ ...sizes, ...changed });
  });

  it('refuses room below the size of the template', () => {
    expect(() => sizesOver(template, { ...NOTHING_SAID, maxVcpus: 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});

describe('limits of a template', () => {
  const limits: TemplateLimits = {
    ...NO_LIMITS,
    vcpus: { min: 2, max: 4 },
    memoryMib: { min: null, max: 2_048 },
  };
  const sizes = { vcpus: 2, maxVcpus: 4, memoryMib: 64, maxMemoryMib: 2_048, diskGib: 10_000 };

  it('let through what is at them, and everything where there are none', () => {
    expect(outsideLimits(limits, sizes)).toEqual([]);
    expect(outsideLimits(NO_LIMITS, { ...sizes, vcpus: 512, maxVcpus: 512 })).toEqual([]);
    expect([isUnlimited(NO_LIMITS), isUnlimited(limits)]).toEqual([true, false]);
  });

  it('name each size that is outside, and room only where its size is not', () => {
    expect(outsideLimits(limits, { ...sizes, vcpus: 8, maxVcpus: 8, maxMemoryMib: 4_096 })).toEqual([
      { field: 'vcpus', asked: 8, min: 2, max: 4 },
      { field: 'maxMemoryMib', asked: 4_096, min: null, max: 2_048 },
    ]);
    const disk = { ...NO_LIMITS, diskGib: { min: 0.5, max: null } };
    expect(outsideLimits(disk, { ...sizes, diskGib: 0.25 })).toEqual([
      { field: 'diskGib', asked: 0.25, min: 0.5, max: null },
    ]);
  });

  it('refuse with the first in the details, and all of them', () => {
    const first = { field: 'vcpus', asked: 1, min: 2, max: 4 };
    expect(() => {
      requireWithinLimits(limits, { ...sizes, vcpus: 1, memoryMib: 4_096 });
    }).toThrow(
      expect.objectContaining({
        code: 'TEMPLATE_LIMIT',
        details: { ...first, outside: [first, expect.objectContaining({ field: 'memoryMib' })] },
      }),
    );
  });

  it('are none where none was kept', () => {
    expect(TemplateLimits.parse({})).toEqual(NO_LIMITS);
    expect(TemplateLimits.parse({ vcpus: limits.vcpus, ofNewer: 1 })).toEqual({ ...NO_LIMITS, vcpus: limits.vcpus });
  });
});

describe(cloudInitOver, () => {
  const other = publicKey('ssh-ed25519');
  const defaults = CloudInit.parse({
    userName: 'ops',
    sshAuthorizedKeys: [ED25519],
    passwordHash: HASHES[0],
    packages: ['nginx', 'curl'],
    userData: '#!/bin/sh',
  });
  const over = (said: Record<string, unknown>) => cloudInitOver(defaults, CloudInit.parse(said));

  it('is the one that there is', () => {
    expect(cloudInitOver(null, null)).toBeNull();
    expect(cloudInitOver(defaults, null)).toEqual(defaults);
    expect(cloudInitOver(null, defaults)).toEqual(defaults);
    expect(over({})).toEqual(defaults);
  });

  it('takes each thing that is said in the place of the template’s', () => {
    expect(over({ sshAuthorizedKeys: [other], packages: ['vim'], hostname: 'shop' })).toEqual({
      ...defaults,
      sshAuthorizedKeys: [other],
      packages: ['vim'],
      hostname: 'shop',
    });
    expect(over({ userName: 'ops', userData: '#!/bin/bash' })).toEqual({ ...defaults, userData: '#!/bin/bash' });
  });

  it('gives keys and password of the template to no other user', () => {
    expect(over({ userName: 'alice' })).toEqual({
      ...defaults,
      userName: 'alice',
      sshAuthorizedKeys: [],
      passwordHash: null,
    });
    const ofImage = CloudInit.parse({ sshAuthorizedKeys: [ED25519] });
    expect(cloudInitOver(ofImage, CloudInit.parse({ userName: 'alice' }))?.sshAuthorizedKeys).toEqual([]);
  });
});
