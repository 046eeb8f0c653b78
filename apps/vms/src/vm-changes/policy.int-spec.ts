import { randomUUID } from 'node:crypto';
import { keyedMutations } from '@infinibay/testing';
import { ACTIONS } from '@infinibay/vms-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { importedImage } from '../testing/image-requests.js';
import { placementGroup } from '../testing/placement-requests.js';
import { PORT } from '../testing/simulated-links.js';
import { FURTHER_NETWORK } from '../testing/simulated-ports.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const REFERENCES = 'query ($of: [_Any!]!) { _entities(representations: $of)';

type Ids = Readonly<
  Record<'vmId' | 'volumeId' | 'snapshotId' | 'templateId' | 'placementGroupId' | 'ourImage', string>
>;

/** What a mutation is asked with beside its key; one without a row here fails. */
const inputsFor = (
  { vmId, volumeId, snapshotId, templateId, placementGroupId, ourImage }: Ids,
  departmentId: string,
  imageId: string,
): Readonly<Record<string, object>> => {
  const template = { imageId, vcpus: 1, memoryMib: 128, diskGib: 1 };
  return {
    ...Object.fromEntries(ACTIONS.map(({ mutation }) => [mutation, { vmId }])),
    resizeVm: { vmId, vcpus: 1, memoryMib: 128 },
    restoreVmRevision: { vmId, revision: 1 },
    setVmAutostart: { vmId, autostart: true },
    setVmHardware: { vmId, hardware: { bootOrder: ['NETWORK', 'DISK'] } },
    setVmCdrom: { vmId, imageId: null },
    setVmPortLink: { vmId, portId: PORT.portId, linkState: 'DOWN' },
    addVmPort: { vmId, networkId: FURTHER_NETWORK },
    removeVmPort: { vmId, portId: PORT.portId },
    changeVmPortNetwork: { vmId, portId: PORT.portId, networkId: FURTHER_NETWORK },
    createVm: { departmentId, imageId, name: `vm-${randomUUID().slice(0, 8)}` },
    renameVm: { vmId, name: 'renamed' },
    describeVm: { vmId, description: 'described' },
    tagVm: { vmId, tags: ['tagged'] },
    untagVm: { vmId, tags: ['tagged'] },
    setVmDeletionProtection: { vmId, deletionProtected: true },
    setVmCloudInit: { vmId, cloudInit: null },
    transferVm: { vmId, ownerId: randomUUID() },
    createConsoleTicket: { vmId, access: 'CONTROL' },
    bulkVms: { action: 'DELETE_VM', vmIds: [vmId] },
    setDepartmentQuota: { departmentId, vms: 0 },
    setHostMaintenance: { hostId: randomUUID(), maintenance: true },
    drainHost: { hostId: randomUUID() },
    setHostOvercommit: { hostId: randomUUID(), cpuRatio: 2 },
    createPlacementGroup: { departmentId, name: 'theirs', policy: 'APART', strictness: 'REQUIRED' },
    renamePlacementGroup: { placementGroupId, name: 'theirs' },
    deletePlacementGroup: { placementGroupId },
    addVmToPlacementGroup: { vmId, placementGroupId },
    removeVmFromPlacementGroup: { vmId, placementGroupId },
    cancelOperation: { operationId: randomUUID() },
    cloneVm: { vmId, name: 'theirs' },
    createVmSnapshot: { vmId, name: 'theirs' },
    revertVmToSnapshot: { vmId, snapshotId },
    deleteVmSnapshot: { vmId, snapshotId },
    attachVolume: { vmId, volumeId },
    detachVolume: { vmId, volumeId },
    createVolume: { departmentId, name: `volume ${randomUUID()}`, capacityGib: 1 },
    resizeVolume: { volumeId, capacityGib: 2 },
    moveVolume: { volumeId, poolId: randomUUID() },
    cloneVolume: { volumeId, name: 'theirs' },
    deleteVolume: { volumeId },
    importImage: { departmentId, name: 'theirs', url: 'https://images.example.org/x', sha256: 'd'.repeat(64) },
    createImageUpload: { departmentId, name: 'theirs', format: 'ISO', sizeBytes: 2_048, sha256: 'd'.repeat(64) },
    createImageFromVm: { vmId, name: 'theirs' },
    convertVmToTemplate: { vmId, name: 'theirs' },
    copyImage: { imageId: ourImage, hostId: randomUUID() },
    deleteImage: { imageId: ourImage },
    createTemplate: { ...template, name: `template ${randomUUID()}`, departmentId },
    updateTemplate: { ...template, templateId, vcpus: 2 },
    deleteTemplate: { templateId },
  };
};

/** Of the department of the bench, by a member. */
const templateOf = async (bench: VmBench): Promise<string> => {
  const sizes = { imageId: bench.neighbours.imageId, vcpus: 1, memoryMib: 128, diskGib: 1 };
  const said = { name: 'secret template', departmentId: bench.departmentId, cloudInit: { packages: ['secret'] } };
  const input = { idempotencyKey: randomUUID(), ...sizes, ...said };
  const query = 'mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id } }';
  const { data } = await bench.vms.ask(bench.actor, query, { input });
  return (data?.['createTemplate'] as { id: string }).id;
};

describe('the subgraph of VMs', () => {
  let bench: VmBench;
  let vmId: string;
  let volumeId: string;
  let templateId: string;
  let placementGroupId: string;
  let ourImage: string;
  let mutations: readonly { readonly name: string; readonly inputType: string }[];
  let inputs: Readonly<Record<string, object>>;

  beforeAll(async () => {
    bench = await VmBench.start();
    placementGroupId = await placementGroup(bench, { name: 'secret group' });
    vmId = await bench.created({
      placementGroupIds: [placementGroupId],
      tags: ['secret'],
      description: 'secret',
      cloudInit: { packages: ['secret'], userData: '#!secret' },
    });
    volumeId = await bench.volume({ name: 'secret volume' });
    ourImage = await importedImage(bench, { name: 'secret image' });
    await bench.reaches(vmId, 'RUNNING');
    const snapshotId = await bench.snapshot(vmId, { name: 'secret snapshot' });
    templateId = await templateOf(bench);
    const ids = { vmId, volumeId, snapshotId, templateId, placementGroupId, ourImage };
    inputs = inputsFor(ids, bench.departmentId, bench.neighbours.imageId);
    const { data } = await bench.vms.ask(admin(), '{ _service { sdl } }');
    mutations = keyedMutations((data?.['_service'] as { sdl: string }).sdl);
  }, 120_000);
  afterAll(() => bench.stop());

  type By = Parameters<VmBench['vms']['ask']>[0];
  const codesOf = async (by: By, query: string, variables: Record<string, unknown> = {}): Promise<string[]> =>
    ((await bench.vms.ask(by, query, variables)).errors ?? []).map(({ extensions }) => extensions.code);
  const mutate = (by: By, { name, inputType }: { readonly name: string; readonly inputType: string }) =>
    codesOf(by, `mutation ($input: ${inputType}!) { ${name}(input: $input) { __typename } }`, {
      input: { idempotencyKey: randomUUID(), ...inputs[name] },
    });
  /** [what it is, query, variables]: every way to read. */
  const reads = (): readonly (readonly [string, string, Record<string, unknown>])[] => [
    ['a VM', 'query ($id: ID!) { vm(id: $id) { id } }', { id: vmId }],
    ['the list', '{ vms(first: 1) { nodes { id } totalCount } }', {}],
    ['a filtered list', 'query ($f: VmFilter) { vms(filter: $f) { totalCount } }', { f: { tagsAllOf: ['secret'] } }],
    ['a comparison', 'query ($id: ID!) { compareVmRevisions(vmId: $id, from: 1, to: 1) { path } }', { id: vmId }],
    ['revisions', 'query ($id: ID!) { vm(id: $id) { revisions { nodes { number author { id } } } } }', { id: vmId }],
    ['a volume', 'query ($id: ID!) { volume(id: $id) { id } }', { id: volumeId }],
    ['volumes', '{ volumes { nodes { id } totalCount } }', {}],
    ['volumes of a VM', 'query ($id: ID!) { volumes(vmId: $id) { nodes { id } } }', { id: vmId }],
    ['what a disk consists of', 'query ($id: ID!) { vm(id: $id) { diskChain { role image { id } } } }', { id: vmId }],
    ['what a volume consists of', 'query ($id: ID!) { volume(id: $id) { chain { role } } }', { id: volumeId }],
    [
      'a reference to a volume',
      `${REFERENCES} { ... on Volume { name } } }`,
      { of: [{ __typename: 'Volume', id: volumeId }] },
    ],
    ['snapshots', 'query ($id: ID!) { vm(id: $id) { snapshots { id name author { id } } } }', { id: vmId }],
    ['what cloud-init finds', 'query ($id: ID!) { vm(id: $id) { cloudInit { packages userData } } }', { id: vmId }],
    ['placement groups of a VM', 'query ($id: ID!) { vm(id: $id) { placementGroups { name } } }', { id: vmId }],
    [
      'a placement group',
      'query ($id: ID!) { placementGroup(id: $id) { name isViolated vms { id } } }',
      { id: placementGroupId },
    ],
    ['placement groups', '{ placementGroups { nodes { id name vms { id } } totalCount } }', {}],
    ['images', '{ images { id } }', {}],
    ['an image', 'query ($id: ID!) { image(id: $id) { name } }', { id: ourImage }],
    ['all images', '{ images(all: true) { id name } }', {}],
    ['hosts of an image', 'query ($id: ID!) { image(id: $id) { hosts { state host { id } } } }', { id: ourImage }],
    [
      'a reference to an image',
      `${REFERENCES} { ... on Image { name } } }`,
      { of: [{ __typename: 'Image', id: ourImage }] },
    ],
    ['templates', '{ templates(first: 9) { id name version { cloudInit { packages } } } }', {}],
    [
      'templates of a department',
      'query ($id: ID!) { templates(departmentId: $id, first: 9) { name versions(first: 2) { nodes { cloudInit { packages } } } } }',
      { id: bench.departmentId },
    ],
    [
      'a reference to a template',
      `${REFERENCES} { ... on Template { name version { cloudInit { packages } } } } }`,
      { of: [{ __typename: 'Template', id: templateId }] },
    ],
    [
      'a reference',
      `${REFERENCES} { ... on Vm { name tags description cloudInit { packages userData } } } }`,
      { of: [{ __typename: 'Vm', id: vmId }] },
    ],
    [
      'a department',
      `${REFERENCES} { ... on Department { vms { totalCount nodes { tags } } } } }`,
      { of: [{ __typename: 'Department', id: bench.departmentId }] },
    ],
    ...['quota', 'usage'].map(
      (field) =>
        [
          `the ${field} of a department`,
          `${REFERENCES} { ... on Department { ${field} { vms } } } }`,
          { of: [{ __typename: 'Department', id: bench.departmentId }] },
        ] as const,
    ),
  ];

  it('refuses each way into its data to nobody who is known', async () => {
    for (const [what, query, variables] of reads())
      expect([what, await codesOf(null, query, variables)]).toEqual([what, ['UNAUTHENTICATED']]);
    for (const mutation of mutations)
      expect([mutation.name, await mutate(null, mutation)]).toEqual([mutation.name, ['UNAUTHENTICATED']]);
  });

  it('lets a member in by the same ways', async () => {
    for (const [what, query, variables] of reads())
      expect([what, await codesOf(bench.actor, query, variables)]).toEqual([what, []]);
  });

  it('shows nothing of a VM to somebody of another department, whatever way is taken', async () => {
    const answers = await Promise.all(
      reads().map(async ([, query, variables]) => bench.vms.ask(memberOf(randomUUID()), query, variables)),
    );
    const text = JSON.stringify(answers);
    expect(text).not.toContain(vmId);
    expect(text).not.toContain(volumeId);
    expect(text).not.toContain(templateId);
    expect(text).not.toContain(placementGroupId);
    expect(text).not.toContain(ourImage);
    expect(text).not.toContain('secret');
    expect(answers[0]?.errors?.[0]?.extensions.code).toBe('VM_NOT_FOUND');
    expect(answers[2]?.data).toEqual({ vms: { totalCount: 0 } });
  });

  it('lets nobody of another department change anything, and leaves an entry of each attempt', async () => {
    const stranger = memberOf(randomUUID());
    const before = await bench.vms.get(PrismaClient).vm.findUniqueOrThrow({ where: { id: vmId } });
    const refused: Record<string, string> = {};
    for (const mutation of mutations) {
      const [code = 'done'] = await mutate(stranger, mutation);
      refused[mutation.name] = code;
    }
    const ofOthers = [
      'createVm',
      'bulkVms',
      'createVolume',
      'resizeVolume',
      'moveVolume',
      'cloneVolume',
      'deleteVolume',
      'importImage',
      'createImageUpload',
      'copyImage',
      'deleteImage',
      'createTemplate',
      'updateTemplate',
      'deleteTemplate',
      'setDepartmentQuota',
      'setHostMaintenance',
      'drainHost',
      'setHostOvercommit',
      'createPlacementGroup',
      'renamePlacementGroup',
      'deletePlacementGroup',
      'cancelOperation',
    ];
    const ofVms = mutations.map(({ name }) => name).filter((name) => !ofOthers.includes(name));
    expect(refused).toEqual({
      ...Object.fromEntries(ofVms.map((name) => [name, 'VM_NOT_FOUND'])),
      createVm: 'DEPARTMENT_NOT_FOUND',
      // What is asked of the VM is refused as its result.
      bulkVms: 'done',
      setDepartmentQuota: 'DEPARTMENT_NOT_FOUND',
      setHostMaintenance: 'FORBIDDEN',
      drainHost: 'FORBIDDEN',
      setHostOvercommit: 'FORBIDDEN',
      createPlacementGroup: 'DEPARTMENT_NOT_FOUND',
      renamePlacementGroup: 'PLACEMENT_GROUP_NOT_FOUND',
      deletePlacementGroup: 'PLACEMENT_GROUP_NOT_FOUND',
      cancelOperation: 'OPERATION_NOT_FOUND',
      createVolume: 'DEPARTMENT_NOT_FOUND',
      resizeVolume: 'VOLUME_NOT_FOUND',
      moveVolume: 'VOLUME_NOT_FOUND',
      cloneVolume: 'VOLUME_NOT_FOUND',
      deleteVolume: 'VOLUME_NOT_FOUND',
      importImage: 'DEPARTMENT_NOT_FOUND',
      createImageUpload: 'DEPARTMENT_NOT_FOUND',
      copyImage: 'IMAGE_NOT_FOUND',
      deleteImage: 'IMAGE_NOT_FOUND',
      createTemplate: 'DEPARTMENT_NOT_FOUND',
      updateTemplate: 'TEMPLATE_NOT_FOUND',
      deleteTemplate: 'TEMPLATE_NOT_FOUND',
    });
    const after = await bench.vms.get(PrismaClient).vm.findUniqueOrThrow({ where: { id: vmId } });
    expect([after.name, after.deletionProtected, after.desired]).toEqual([before.name, false, before.desired]);
    const entries = await bench.vms.get(PrismaClient).auditEntry.findMany({ where: { actorId: stranger.userId } });
    // Of consoles the entry also says for what.
    expect(Object.fromEntries(entries.map(({ verb, result }) => [verb.split(':')[0], result]))).toEqual({
      ...refused,
      bulkVms: 'ok',
    });
  });
});
