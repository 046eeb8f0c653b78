import { qemuUserOf, type QemuUser } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { OncePerConnection } from '../hypervisor/once-per-connection.js';

/** As whom libvirt runs QEMU, which doesn't change while a connection stands. */
@Injectable()
export class QemuUserReader {
  private readonly user: OncePerConnection<QemuUser | undefined>;

  constructor(hypervisor: Hypervisor) {
    this.user = new OncePerConnection(hypervisor, async () =>
      qemuUserOf(await hypervisor.use('read-capabilities', (connection) => connection.capabilities())),
    );
  }

  /** undefined: as who libvirt is itself, or the driver runs no QEMU. */
  get(): Promise<QemuUser | undefined> {
    return this.user.get();
  }
}
