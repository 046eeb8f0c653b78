import {
  inspectPortLinks,
  setPortLinks,
  type ObservedLinks,
  type PortLink,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import type { SimulatedVm } from './neighbours.js';

export type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

export type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: SimulatedVm) => T,
) => Promise<T>;

/** The port of every simulated VM. */
export const PORT = { portId: '0196f5a0-0000-7000-8000-0000000000c1', mac: '52:54:00:00:00:01' } as const;

/** The links of a simulated domain's cards. */
export class SimulatedLinks {
  definition: readonly PortLink[] | null = null;
  live: readonly PortLink[] | null = null;

  observed(): ObservedLinks {
    const { definition, live } = this;
    return { definition: definition && [...definition], live: live && [...live] };
  }

  /** A definition that was just written: all are up in it. */
  define(nics: readonly { readonly mac: string }[]): void {
    this.definition = nics.map(({ mac }) => ({ mac, linkState: 'UP' }));
  }

  set(of: 'definition' | 'live', down: readonly string[]): ObservedLinks {
    const now = ({ mac }: PortLink): PortLink => ({ mac, linkState: down.includes(mac) ? 'DOWN' : 'UP' });
    this[of] = this[of]?.map(now) ?? null;
    return this.observed();
  }

  /** What a power means for what runs. */
  powered(isOn: boolean): void {
    if (isOn) this.live ??= this.definition;
    else this.live = null;
  }
}

/** What the host answers about links. @param linksOf those of a VM */
export const serveLinks = (on: Serve, onVm: OnVm, linksOf: (vmId: string) => SimulatedLinks): void => {
  on(inspectPortLinks, ({ vmId }) => Promise.resolve(linksOf(vmId).observed()));
  on(setPortLinks, (request) => onVm('set-port-links', request, (vm) => vm.sizes.links.set(request.of, request.down)));
};
