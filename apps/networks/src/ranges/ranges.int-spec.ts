import { randomUUID } from 'node:crypto';
import { findDepartments, hostNetworksObserved, type HostRange, type RequestOf } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService, actorOf } from '../testing/test-service.js';

const CREATE = `mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id cidr } }`;
const DELETE = `mutation ($input: DeleteNetworkInput!) { deleteNetwork(input: $input) }`;
const EPOCH = '0196f5a0-0000-7000-8000-0000000000ee';

describe('ranges of networks', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start({
      NETWORK_POOL_CIDR: '10.80.0.0/20',
      RESERVED_RANGES: '10.200.0.0/16, 127.0.0.0/8',
      NETWORKS_PER_DEPARTMENT: '8',
      NETWORK_ADDRESSES_PER_DEPARTMENT: '2048',
    });
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({ departments: departmentIds.map((departmentId) => ({ departmentId, name: 'x' })) }),
    );
  });
  afterAll(() => service.stop());

  const member = () => {
    const departmentId = randomUUID();
    const actor = actorOf([departmentId]);
    const create = async (cidr?: string) => {
      const input = {
        departmentId,
        name: randomUUID(),
        idempotencyKey: randomUUID(),
        ...(cidr === undefined ? {} : { cidr }),
      };
      const { data, codes } = await service.graphql(actor, CREATE, { input });
      return { codes, network: (data?.['createNetwork'] ?? undefined) as { id: string; cidr: string } | undefined };
    };
    const remove = (networkId: string) =>
      service.graphql(actor, DELETE, { input: { networkId, idempotencyKey: randomUUID() } });
    return { create, remove };
  };
  let sequence = 0;
  const reportRanges = async (hostId: string, ranges: HostRange[]): Promise<void> => {
    const data = { hostId, epoch: EPOCH, sequence: (sequence += 1), ranges, networks: [] };
    await service.report(hostNetworksObserved, hostId, data);
  };

  it('are not those of a host: its LAN, its routes, its gateway and DNS server', async () => {
    const { create } = member();
    const hostId = randomUUID();
    await reportRanges(hostId, [
      { cidr: '192.168.77.0/24', origin: 'ADDRESS' },
      { cidr: '172.29.0.0/16', origin: 'ROUTE' },
      { cidr: '10.7.0.1/32', origin: 'GATEWAY' },
      { cidr: '10.80.0.53/32', origin: 'DNS_SERVER' },
    ]);
    await pollUntil(async () => (await create('10.7.0.0/30')).codes[0] === 'NETWORK_RANGE_RESERVED', {
      what: 'the report to be known',
    });
    for (const cidr of ['192.168.77.16/28', '192.168.77.128/25', '192.168.76.0/23', '172.29.255.0/24', '10.80.0.0/24'])
      expect([cidr, (await create(cidr)).codes]).toEqual([cidr, ['NETWORK_RANGE_RESERVED']]);
    expect((await create('192.168.78.0/24')).codes).toEqual([]);
    // The pool's first range holds the host's DNS server: the next one is given.
    expect((await create()).network?.cidr).toBe('10.80.1.0/24');
    await reportRanges(hostId, []);
    await pollUntil(async () => (await create('192.168.77.16/28')).codes.length === 0, {
      what: 'the range to be free again',
    });
  });

  it("are not the platform's", async () => {
    const { create } = member();
    for (const cidr of ['10.200.0.0/24', '10.200.255.252/30', '10.200.0.0/16'])
      expect([cidr, (await create(cidr)).codes[0]]).toEqual([
        cidr,
        cidr.endsWith('16') ? 'QUOTA_EXCEEDED' : 'NETWORK_RANGE_RESERVED',
      ]);
  });

  it('are limited by a department in number, and given back', async () => {
    const { create, remove } = member();
    const made = [];
    for (let index = 0; index < 8; index += 1) made.push(await create(`172.16.${index}.0/28`));
    expect(made.flatMap(({ codes }) => codes)).toEqual([]);
    expect((await create('172.16.99.0/28')).codes).toEqual(['QUOTA_EXCEEDED']);
    expect((await remove(made[0]?.network?.id ?? '')).codes).toEqual([]);
    expect((await create('172.16.99.0/28')).codes).toEqual([]);
    expect((await member().create('172.16.0.0/28')).codes).toEqual([]);
  });

  it('are limited by a department in size, so that no eight calls take the pool of all', async () => {
    const { create } = member();
    for (const cidr of ['10.0.0.0/8', '172.16.0.0/12', '10.80.0.0/20', '10.64.0.0/16'])
      expect([cidr, (await create(cidr)).codes]).toEqual([cidr, ['QUOTA_EXCEEDED']]);
    expect((await create('172.30.0.0/22')).codes).toEqual([]);
    expect((await create('172.30.4.0/22')).codes).toEqual([]);
    expect((await create('172.30.8.0/30')).codes).toEqual(['QUOTA_EXCEEDED']);
    expect((await create()).codes).toEqual(['QUOTA_EXCEEDED']);
  });

  it('are limited also when many calls come at once', async () => {
    const { create } = member();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => create(`172.31.${index}.0/28`)));
    expect(answers.filter(({ codes }) => codes.length === 0)).toHaveLength(8);
    expect(answers.flatMap(({ codes }) => codes)).toEqual(Array.from({ length: 4 }, () => 'QUOTA_EXCEEDED'));
  });

  it('become smaller when the pool runs short, and end with a refusal', async () => {
    await reportRanges(randomUUID(), [{ cidr: '10.80.15.53/32', origin: 'DNS_SERVER' }]);
    const stranger = member();
    await pollUntil(async () => (await stranger.create('10.80.15.52/30')).codes[0] === 'NETWORK_RANGE_RESERVED', {
      what: 'the report to be known',
    });
    const prefixes: string[] = [];
    let code: string | undefined;
    for (let departments = 0; departments < 40 && code === undefined; departments += 1) {
      const { create } = member();
      for (let index = 0; index < 8 && code === undefined; index += 1) {
        const { codes, network } = await create();
        prefixes.push(network?.cidr.split('/')[1] ?? '');
        code = codes[0];
      }
    }
    expect(code).toBe('ADDRESS_RANGE_TAKEN');
    expect(prefixes).toContain('24');
    expect(prefixes).toContain('28');
  });
});
