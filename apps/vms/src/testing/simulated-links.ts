import {
  attachPort,
  detachPort,
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
  /** The guest lets go of no card. */
  isKept = false;

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

  /** A card that is there keeps its link. @returns whether what runs has it */
  plugIn(card: PortLink): boolean {
    const withCard = (cards: readonly PortLink[]) =>
      cards.some(({ mac }) => mac === card.mac) ? cards : [...cards, card];
    this.definition = this.definition && withCard(this.definition);
    this.live = this.live && withCard(this.live);
    return this.live !== null;
  }

  /** @returns whether neither what runs nor its definition has it */
  unplug(mac: string): boolean {
    const without = (cards: readonly PortLink[]) => cards.filter((one) => one.mac !== mac);
    if (this.isKept && this.live?.some((one) => one.mac === mac) === true) return false;
    this.definition = this.definition && without(this.definition);
    this.live = this.live && without(this.live);
    return true;
  }

  /** What a power means for what runs. */
  powered(isOn: boolean): void {
    if (isOn) this.live ??= this.definition;
    else this.live = null;
  }
}

/** What the host answers about cards and their links. @param linksOf those of a VM */
export const serveLinks = (on: Serve, onVm: OnVm, linksOf: (vmId: string) => SimulatedLinks): void => {
  on(inspectPortLinks, ({ vmId }) => Promise.resolve(linksOf(vmId).observed()));
  on(setPortLinks, (request) => onVm('set-port-links', request, (vm) => vm.sizes.links.set(request.of, request.down)));
  on(attachPort, (request) =>
    onVm('attach-port', request, ({ sizes: { links } }) => {
      const { nic, linkState } = request;
      return { isLive: links.plugIn({ mac: nic.mac, linkState }) };
    }),
  );
  on(detachPort, (request) =>
    onVm('detach-port', request, ({ sizes: { links } }) => ({ isDetached: links.unplug(request.mac) })),
  );
};
