import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { guestImageDir } from '../guest-image/build.ts';
import { VM_STATE } from '../demo/queries.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { serveImage, type ImageServer } from './image-server.ts';
import { codeOf, connectTo } from './probes.ts';
import { RunningSystem } from './running-system.ts';

const PORT = `query ($id: ID!) { vm(id: $id) {
  ports { id mac address network { id } } image { id } template { id } templateVersion department { id }
} }`;

interface Placed {
  readonly ports: readonly { readonly id: string; readonly mac: string; readonly address: string }[];
  readonly image: { readonly id: string } | null;
  readonly template: { readonly id: string } | null;
  readonly templateVersion: number | null;
  readonly department: { readonly id: string };
}

const key = (): string => randomUUID();

/** One VM from an image that a member names by its address, over a template, to another department. */
describe('an image, a template of it, and a VM that moves on', () => {
  let system: RunningSystem;
  let server: ImageServer;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let sales: DepartmentUnderTest;
  let imageId: string;
  let templateId: string;
  let vmId: string;

  beforeAll(async () => {
    const file = readdirSync(guestImageDir).find((name) => name.endsWith('.qcow2')) ?? '';
    server = await serveImage(path.join(guestImageDir, file));
    system = await RunningSystem.start({ IMAGE_SOURCE_RANGES: '127.0.0.1/32' });
    admin = new PatientGraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
    sales = await DepartmentUnderTest.create(system, admin, 'Sales');
  });
  afterAll(async () => {
    await server.stop();
    expect(await system.stop()).toBe(0);
  });

  const imageState = async (by: DepartmentUnderTest): Promise<string> => {
    const query = 'query ($id: ID!) { image(id: $id) { state errorMessage } }';
    const { image } = await by.member.ask<{ image: { state: string; errorMessage: string | null } }>(query, {
      id: imageId,
    });
    if (image.state === 'FAILED') throw new Error(`the import failed: ${image.errorMessage ?? ''}`);
    return image.state;
  };
  const placed = async (by: DepartmentUnderTest): Promise<Placed> =>
    (await by.member.ask<{ vm: Placed }>(PORT, { id: vmId })).vm;
  const cardOf = async (by: DepartmentUnderTest) => {
    const [card] = (await placed(by)).ports;
    if (card === undefined) throw new Error('the VM has no port');
    return card;
  };
  const answers = async (address: string, answer: string): Promise<unknown> =>
    pollUntil(async () => (await connectTo(system, address, 22)) === answer, {
      timeoutMs: 60_000,
      what: `port 22 of ${address} ${answer}`,
    });
  const imported = (): string[] => readdirSync(path.join(system.layout.diskDir, 'images'));

  it('has a host fetch the image of a department, which others do not see', async () => {
    const { url, sha256 } = server;
    const input = { idempotencyKey: key(), departmentId: research.id, name: 'Micro', url, sha256, minMemoryMib: 64 };
    const query = 'mutation ($input: ImportImageInput!) { importImage(input: $input) { image { id } } }';
    const { importImage } = await research.member.ask<{ importImage: { image: { id: string } } }>(query, { input });
    imageId = importImage.image.id;
    const isReady = async () => (await imageState(research)) === 'READY';
    await pollUntil(isReady, { timeoutMs: 120_000, intervalMs: 200, what: 'the import' });
    expect(imported()).toContain(`${sha256}.qcow2`);
    expect(await codeOf(imageState(sales))).toBe('IMAGE_NOT_FOUND');
  });

  it('makes a template of it, and a VM of that whose guest runs from the bytes that were fetched', async () => {
    const sizes = { vcpus: 1, memoryMib: 128, diskGib: 1, limits: { memoryMib: { max: 256 } } };
    const input = { idempotencyKey: key(), departmentId: research.id, name: 'small', imageId, ...sizes };
    const query = 'mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id } }';
    const { createTemplate } = await research.member.ask<{ createTemplate: { id: string } }>(query, { input });
    templateId = createTemplate.id;
    const large = research.createVm('large', { imageId: null, templateId, memoryMib: 512 });
    expect(await codeOf(large)).toBe('TEMPLATE_LIMIT');
    vmId = await research.createVm('micro-1', { imageId: null, templateId });
    await research.reaches(vmId, 'RUNNING');
    await research.guestReady(vmId);
    expect(await placed(research)).toMatchObject({ template: { id: templateId }, templateVersion: 1 });
    expect(await system.virsh('domblklist', vmId)).toContain(`${vmId}.qcow2`);
    expect(await system.virsh('dumpxml', vmId)).toContain(server.sha256);
  });

  it("pulls the guest's cable out and plugs it in again, as virsh and the network see it", async () => {
    const { id: portId, mac, address } = await cardOf(research);
    await answers(address, 'accepted');
    await research.ended(vmId, 'setVmPortLink', 'SetVmPortLinkInput', { portId, linkState: 'DOWN' });
    expect(await system.virsh('domif-getlink', vmId, mac)).toContain('down');
    expect(await connectTo(system, address, 22)).not.toBe('accepted');
    await research.ended(vmId, 'setVmPortLink', 'SetVmPortLinkInput', { portId, linkState: 'UP' });
    await answers(address, 'accepted');
  });

  it('gives it to another department, with a card of that, the rules of that, and nothing of the former', async () => {
    const before = await cardOf(research);
    const give = async (by: GraphClient, said: object): Promise<unknown> =>
      by.ask('mutation ($input: TransferVmInput!) { transferVm(input: $input) { id } }', {
        input: { idempotencyKey: key(), vmId, departmentId: sales.id, ...said },
      });
    expect(await codeOf(give(research.member, {}))).toBe('DEPARTMENT_NOT_FOUND');
    const { me } = await sales.member.ask<{ me: { id: string } }>('{ me { id } }');
    expect(await codeOf(give(admin, { ownerId: me.id }))).toBe('VM_BUSY');
    await research.ended(vmId, 'forceOffVm');
    await give(admin, { ownerId: me.id });
    const isThere = async () => (await codeOf(sales.member.ask(VM_STATE, { id: vmId }))) === 'no error';
    await pollUntil(isThere, { timeoutMs: 60_000, intervalMs: 200, what: 'the VM in the other department' });
    expect(await codeOf(research.member.ask(VM_STATE, { id: vmId }))).toBe('VM_NOT_FOUND');
    await sales.ended(vmId, 'startVm');
    await sales.guestReady(vmId);
    const after = await cardOf(sales);
    expect(after.mac).not.toBe(before.mac);
    expect(await placed(sales)).toMatchObject({ department: { id: sales.id }, image: null, template: null });
    await answers(after.address, 'accepted');
    const networks = (await system.virsh('net-list', '--name')).trim().split(/\s+/);
    const definitions = await Promise.all(networks.map((name) => system.virsh('net-dumpxml', name)));
    expect(definitions.join('\n')).toContain(after.mac);
    expect(definitions.join('\n')).not.toContain(before.mac);
  });

  it('keeps the image while that VM is there, and then leaves nothing of it', async () => {
    const remove = async (): Promise<unknown> =>
      research.member.ask('mutation ($input: ImageActionInput!) { deleteImage(input: $input) { image { id } } }', {
        input: { idempotencyKey: key(), imageId },
      });
    await research.member.ask('mutation ($input: DeleteTemplateInput!) { deleteTemplate(input: $input) { id } }', {
      input: { idempotencyKey: key(), templateId },
    });
    expect(await codeOf(remove())).toBe('IMAGE_IN_USE');
    await sales.deleteVm(vmId);
    await remove();
    await pollUntil(async () => (await codeOf(imageState(research))) === 'IMAGE_NOT_FOUND', {
      timeoutMs: 60_000,
      intervalMs: 200,
      what: 'the end of the image',
    });
    expect(imported()).toEqual([]);
    expect(system.disks()).toEqual([]);
  });
});
