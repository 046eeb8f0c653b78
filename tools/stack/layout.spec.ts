import { describe, expect, it } from '@jest/globals';

import { layoutOf } from './layout.ts';

describe(layoutOf.name, () => {
  it('keeps an agent socket path within what a unix socket address holds, however deep the checkout lies', () => {
    const { agentSocketDir, screenSocketDir, libvirtSocketDir } = layoutOf(
      `/${'very-long-folder-name/'.repeat(20)}.infinibay`,
    );
    expect(`${agentSocketDir}/0196f5a0-0000-7000-8000-0000000000aa/agent.sock`.length).toBeLessThan(108);
    expect(`${screenSocketDir}/0196f5a0-0000-7000-8000-0000000000aa/vnc/socket`.length).toBeLessThan(108);
    expect(`${libvirtSocketDir}/libvirt-admin-sock`.length).toBeLessThan(108);
  });

  it('gives two state folders different sockets and network namespaces', () => {
    const [first, second] = [layoutOf('/a/.infinibay'), layoutOf('/b/.infinibay')];
    expect(first.socketDir).not.toBe(second.socketDir);
    expect(first.networkNamespace).not.toBe(second.networkNamespace);
  });

  it('is the same for the same folder however it is written', () => {
    expect(layoutOf('/a/b/../.infinibay')).toEqual(layoutOf('/a/.infinibay'));
  });
});
