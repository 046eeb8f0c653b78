import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askOfImage, uploadedIso } from '../testing/image-requests.js';
import { VmBench } from '../testing/vm-bench.js';

const VM = `query ($id: ID!) { vm(id: $id) { state revision drift { path declared actual }
  spec { cdrom { imageId } hardware { bootOrder } } pendingRestart { path reason declaredValue actualValue } } }`;

interface CdromView {
  readonly revision: number;
  readonly drift: readonly Record<string, unknown>[];
  readonly spec: { readonly cdrom: { imageId: string | null } | null; readonly hardware: { bootOrder: string[] } };
  readonly pendingRestart: readonly { readonly path: string }[];
}

interface Answer {
  readonly errors?: readonly { readonly extensions: { readonly code?: unknown } }[] | undefined;
}

const codeOf = ({ errors }: Answer): unknown => errors?.[0]?.extensions.code;

describe('the CD drive of VMs', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const view = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'] as CdromView;
  const drive = (id: string) => bench.neighbours.vm(id).sizes.cdrom;
  const ended = (id: string, kind: string, status = 'SUCCEEDED') =>
    bench.until(id, `${kind} ${status}`, ({ operations: [last] }) => last?.kind === kind && last.status === status);
  const iso = (): Promise<string> => uploadedIso(bench);
  const insert = async (vmId: string, imageId: string): Promise<void> => {
    expect((await bench.say('insertVmCdrom', { vmId, imageId })).errors).toBeUndefined();
    await ended(vmId, 'INSERT_VM_CDROM');
  };
  const restarted = async (id: string): Promise<void> => {
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    await bench.act('startVm', id);
    await bench.reaches(id, 'RUNNING');
  };

  it('is not there until something is inserted, waits for a restart then, and takes media at once from then on', async () => {
    const [one, other, id] = [await iso(), await iso(), await bench.running()];
    expect(await view(id)).toMatchObject({ revision: 1, spec: { cdrom: null }, pendingRestart: [] });
    await insert(id, one);
    const pending = { path: 'cdrom', reason: 'BOUND_AT_BOOT', actualValue: 'null' };
    expect(await view(id)).toMatchObject({ spec: { cdrom: { imageId: one } }, pendingRestart: [pending] });
    expect(drive(id)).toMatchObject({ definition: { imageId: one }, live: null });
    await restarted(id);
    expect(await view(id)).toMatchObject({ pendingRestart: [] });
    expect(drive(id).live).toEqual({ imageId: one });
    await insert(id, other);
    expect(drive(id)).toMatchObject({ definition: { imageId: other }, live: { imageId: other } });
    expect((await bench.act('ejectVmCdrom', id)).errors).toBeUndefined();
    await ended(id, 'EJECT_VM_CDROM');
    expect(drive(id)).toMatchObject({ definition: { imageId: null }, live: { imageId: null } });
    expect((await view(id)).spec.cdrom).toEqual({ imageId: null });
  }, 180_000);

  it('that its guest keeps closed fails the operation, and holds what is declared from the next start on', async () => {
    const [imageId, id] = [await iso(), await bench.running()];
    await insert(id, imageId);
    await restarted(id);
    drive(id).isLocked = true;
    await bench.act('ejectVmCdrom', id);
    const failed = await ended(id, 'EJECT_VM_CDROM', 'FAILED');
    expect(failed.operations[0]).toMatchObject({ errorCode: 'CDROM_LOCKED' });
    await restarted(id);
    expect(drive(id)).toMatchObject({ definition: { imageId: null }, live: { imageId: null } });
  }, 180_000);

  it('keeps its image from being deleted until it is empty', async () => {
    const [imageId, id] = [await iso(), await bench.running()];
    await insert(id, imageId);
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId }))).toBe('IMAGE_IN_USE');
    await bench.act('ejectVmCdrom', id);
    await ended(id, 'EJECT_VM_CDROM');
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId }))).toBeUndefined();
    expect(codeOf(await bench.say('insertVmCdrom', { vmId: id, imageId }))).not.toBeUndefined();
  }, 180_000);

  it('takes no disk, and no image that there is not', async () => {
    const vmId = await bench.running();
    const refusal = async (imageId: string) => codeOf(await bench.say('insertVmCdrom', { vmId, imageId }));
    expect(await refusal(bench.neighbours.imageId)).toBe('IMAGE_NOT_AN_ISO');
    expect(await refusal(vmId)).toBe('IMAGE_NOT_FOUND');
    expect(await refusal('cd')).toBe('IMAGE_NOT_FOUND');
  }, 120_000);

  it('holds the ISO that a VM is installed from, beside a disk that begins empty', async () => {
    const imageId = await iso();
    expect(codeOf(await bench.create(bench.input({ imageId })))).toBe('IMAGE_NOT_A_DISK');
    const id = await bench.running({ imageId, diskGib: 1 });
    expect(drive(id).live).toEqual({ imageId });
    expect(await view(id)).toMatchObject({ spec: { cdrom: { imageId }, hardware: { bootOrder: ['DISK', 'CDROM'] } } });
    expect(bench.neighbours.vm(id).disksMade).toBe(1);
    expect(bench.neighbours.calls.filter((name) => name.startsWith('ensure-blank-disk')).length).toBeGreaterThan(0);
  }, 180_000);
});
