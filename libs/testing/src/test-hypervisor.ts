import { testVariable } from './test-environment.js';

export interface TestHypervisor {
  /** URI of a libvirtd of this run's own, with QEMU; tests share it, so names must be unique. */
  readonly uri: string;
  /** Network namespace of that libvirtd, where its bridges and kernel rules are. */
  readonly networkNamespace: string;
  /** Existing folder for `<vmId>/agent.sock`; its path is short enough for unix sockets. */
  readonly agentSocketDir: string;
  /** Existing folder for `<vmId>/vnc/socket`, as short. */
  readonly screenSocketDir: string;
  /** Existing folder for disks. */
  readonly diskDir: string;
}

/** The real hypervisor of this test run, or undefined on a machine without QEMU, libvirtd or the rights to run them. */
export const findTestHypervisor = (): TestHypervisor | undefined => {
  if ((process.env['INFINIBAY_TEST_LIBVIRT_URI'] ?? '') === '') return undefined;
  return {
    uri: testVariable('INFINIBAY_TEST_LIBVIRT_URI'),
    networkNamespace: testVariable('INFINIBAY_TEST_LIBVIRT_NETNS'),
    agentSocketDir: testVariable('INFINIBAY_TEST_AGENT_SOCKET_DIR'),
    screenSocketDir: testVariable('INFINIBAY_TEST_SCREEN_SOCKET_DIR'),
    diskDir: testVariable('INFINIBAY_TEST_DISK_DIR'),
  };
};
