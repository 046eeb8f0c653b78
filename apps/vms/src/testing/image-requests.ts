import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import type { VmBench } from './vm-bench.js';

const RESULT = '{ image { id name state } operation { id kind status } }';
const IMAGE =
  'query ($id: ID!) { image(id: $id) { id name state sizeGib fileGib isImported format errorCode errorMessage department { id } } }';

export interface ImageView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly sizeGib: number;
  readonly fileGib: number | null;
  readonly isImported: boolean;
  readonly format: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly department: { readonly id: string } | null;
}

/** What is asked for unless a spec says otherwise: an image of the department of the bench. */
export const imageInput = (bench: VmBench, overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: `image ${randomUUID()}`,
  url: 'https://images.example.org/micro.qcow2?signature=secret',
  sha256: 'b'.repeat(64),
  departmentId: bench.departmentId,
  minMemoryMib: 128,
  ...overrides,
});

/** The same of one that is uploaded. */
export const uploadInput = (bench: VmBench, overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: `image ${randomUUID()}`,
  format: 'QCOW2',
  sizeBytes: 8_388_608,
  sha256: 'b'.repeat(64),
  departmentId: bench.departmentId,
  minMemoryMib: 128,
  ...overrides,
});

const IMAGE_MUTATIONS = {
  importImage: ['ImportImageInput', RESULT],
  createImageUpload: ['CreateImageUploadInput', `${RESULT.slice(0, -1)} upload { url ticket expiresAt } }`],
  createImageFromVm: ['ImageOfVmInput', RESULT],
  convertVmToTemplate: ['ImageOfVmInput', `${RESULT.slice(0, -1)} template { id name } }`],
  copyImage: ['CopyImageInput', RESULT],
  deleteImage: ['ImageActionInput', RESULT],
} as const;

/** What is asked of images. */
export const askOfImage = (
  bench: VmBench,
  name: keyof typeof IMAGE_MUTATIONS,
  input: Record<string, unknown>,
  actor: Actor = bench.actor,
) => {
  const [type, result] = IMAGE_MUTATIONS[name];
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) ${result} }`;
  const keyed = { idempotencyKey: randomUUID(), ...input };
  // A machine that is busy has no connection in time for so many at once; the key makes asking again harmless.
  return pollUntil(
    async () => {
      const answer = await bench.vms.ask(actor, query, { input: keyed });
      return answer.errors?.[0]?.extensions.code === 'SERVICE_UNAVAILABLE' ? null : answer;
    },
    { timeoutMs: 120_000, intervalMs: 250, what: 'an answer' },
  );
};

/** createTemplate or updateTemplate. @param said of which image, and whose, or which template */
export const askOfTemplate = (
  bench: VmBench,
  name: 'createTemplate' | 'updateTemplate',
  said: Record<string, unknown>,
  actor: Actor = bench.actor,
) => {
  const type = name === 'createTemplate' ? 'CreateTemplateInput' : 'UpdateTemplateInput';
  const named = name === 'createTemplate' ? { name: `template ${randomUUID()}` } : {};
  const input = { idempotencyKey: randomUUID(), vcpus: 1, memoryMib: 128, diskGib: 1, ...named, ...said };
  return bench.vms.ask(actor, `mutation ($input: ${type}!) { ${name}(input: $input) { id } }`, { input });
};

/** An import that was accepted. @returns the image's id */
export const importBegun = async (
  bench: VmBench,
  overrides: Record<string, unknown> = {},
  actor: Actor = bench.actor,
): Promise<string> => {
  const answer = await askOfImage(bench, 'importImage', imageInput(bench, overrides), actor);
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return (answer.data?.['importImage'] as { image: { id: string } }).image.id;
};

/** A VM that is off, of which images can be made. @returns its id */
export const offVm = async (bench: VmBench, overrides: Record<string, unknown> = {}): Promise<string> => {
  const vmId = await bench.running(overrides);
  await bench.act('forceOffVm', vmId);
  await bench.reaches(vmId, 'STOPPED');
  return vmId;
};

/** An image of a VM that was accepted. @returns the image's id */
export const captureBegun = async (bench: VmBench, vmId: string): Promise<string> => {
  const answer = await askOfImage(bench, 'createImageFromVm', { vmId, name: `image ${randomUUID()}` });
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return (answer.data?.['createImageFromVm'] as { image: { id: string } }).image.id;
};

export interface UploadView {
  readonly image: { readonly id: string; readonly state: string };
  readonly upload: { readonly url: string; readonly ticket: string; readonly expiresAt: string } | null;
}

/** An upload that was accepted. */
export const uploadBegun = async (
  bench: VmBench,
  overrides: Record<string, unknown> = {},
  actor: Actor = bench.actor,
): Promise<UploadView> => {
  const answer = await askOfImage(bench, 'createImageUpload', uploadInput(bench, overrides), actor);
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data?.['createImageUpload'] as UploadView;
};

export const imageView = async (bench: VmBench, id: string, actor: Actor = bench.actor) =>
  (await bench.vms.ask(actor, IMAGE, { id })).data?.['image'] as ImageView | null | undefined;

/** Its host reports meanwhile. */
export const imageUntil = (bench: VmBench, id: string, state: string, actor: Actor = bench.actor): Promise<ImageView> =>
  pollUntil(
    async () => {
      bench.neighbours.heartbeat();
      const image = await imageView(bench, id, actor);
      return image?.state === state ? image : null;
    },
    { what: `image ${state}`, timeoutMs: 60_000, intervalMs: 250 },
  );

/** An image that VMs can be made from. @returns its id */
export const importedImage = async (
  bench: VmBench,
  overrides: Record<string, unknown> = {},
  actor: Actor = bench.actor,
): Promise<string> => {
  const id = await importBegun(bench, overrides, actor);
  await imageUntil(bench, id, 'READY', actor);
  return id;
};

export interface PlaceView {
  readonly state: string;
  readonly progressPercent: number;
  readonly errorCode: string | null;
  readonly host: { readonly id: string } | null;
}

/** Which hosts have it, and are to get it. */
export const placesOf = async (bench: VmBench, id: string): Promise<readonly PlaceView[]> => {
  const query = 'query ($id: ID!) { image(id: $id) { hosts { state progressPercent errorCode host { id } } } }';
  const { data } = await bench.vms.ask(bench.actor, query, { id });
  return (data?.['image'] as { hosts: PlaceView[] } | null)?.hosts ?? [];
};

/** A copy that was accepted. @returns the operation's id */
export const copyBegun = async (bench: VmBench, imageId: string, hostId: string): Promise<string> => {
  const answer = await askOfImage(bench, 'copyImage', { imageId, hostId });
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return (answer.data?.['copyImage'] as { operation: { id: string } }).operation.id;
};
