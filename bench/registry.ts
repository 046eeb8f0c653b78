import type { Figure } from './report/figure.ts';

export interface Bench {
  readonly description: string;
  /** Measures. @throws WrongAnswer when what was timed didn't answer right */
  readonly run: (say: (line: string) => void) => Promise<readonly Figure[]>;
}

/** Every bench by the name that `npm run bench -- <name>` takes. Loaded when it runs, so that one's needs stay its own. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  services: {
    description: 'start-up time and idle memory of every service of the local stack',
    run: async (say) => (await import('./services/services.ts')).measureServices(say),
  },
  create: {
    description:
      'a VM from the mutation to the event that it runs, against libvirt alone with the same definition (needs root)',
    run: async (say) => (await import('./create/create.ts')).measureCreate(say),
  },
  inventory: {
    description: 'a page of the list of VMs with all that it shows, of 20,000, through the gateway',
    run: async (say) => (await import('./inventory/inventory.ts')).measureInventory(say),
  },
  messaging: {
    description: 'CPU of a request over NATS against the bare client; rows that an idle system changes',
    run: async (say) => [
      ...(await (await import('./messaging/dispatch.ts')).measureDispatch(say)),
      ...(await (await import('./messaging/idle.ts')).measureIdleWrites(say)),
    ],
  },
  native: {
    description: 'the libvirt binding against C and python: calls, events, hung guests (needs root, libvirtd, gcc)',
    run: async (say) => (await import('./native/native.ts')).measureNative(say),
  },
};
