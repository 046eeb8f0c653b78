// What libvirt tells of a running QEMU, as the platform hears it. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { hostVmBlockJobChanged, hostVmDeviceAdded, hostVmRebooted } from '@infinibay/contracts';
import { Connection, type Domain } from '@infinibay/libvirt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;

suite('the events of a running VM', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  let vmId: string;
  let domain: Domain;

  const fileOf = (name: string): string => `${sut.state.diskDir}/${name}`;

  beforeAll(async () => {
    sut = await QemuAgent.start();
    vmId = await sut.startVm();
    libvirt = await Connection.open(sut.uri);
    domain = libvirt.domains.handle(vmId);
  }, 60_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 60_000);

  it('tell of a reset', async () => {
    await domain.reset();
    expect(await sut.agent.events.find(hostVmRebooted, { vmId })).toMatchObject({ hostId: sut.agent.hostId });
  });

  it('tell of a disk that is plugged in', async () => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', fileOf('second.qcow2'), '8M']);
    await domain.attachDevice(
      `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${fileOf('second.qcow2')}'/><target dev='vdb' bus='virtio'/></disk>`,
    );
    await sut.agent.events.find(hostVmDeviceAdded, { vmId, alias: 'virtio-disk1' });
  });

  it('tell how a job on a disk goes', async () => {
    await domain
      .disk('vda')
      .copy(
        `<disk type='file'><source file='${fileOf('copy.qcow2')}'/><driver type='qcow2'/></disk>`,
        {},
        { transientJob: true },
      );
    await sut.agent.events.find(hostVmBlockJobChanged, { vmId, disk: 'vda', job: 'copy', status: 'ready' });
    await domain.disk('vda').abortJob();
    await sut.agent.events.find(hostVmBlockJobChanged, { vmId, disk: 'vda', job: 'copy', status: 'canceled' });
  });
});
