/** What the simulated host says that it can do. */
export const CAPABILITIES = {
  driver: 'Test',
  virtType: 'test',
  nwfilter: true,
  guestChannel: true,
  libvirtVersion: '9.0.0',
  hypervisorVersion: '0.0.2',
} as const;
