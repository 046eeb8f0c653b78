import { DomainError, setPortLinks } from '@infinibay/contracts';
import type { DownLinks } from '@infinibay/vms-domain';
import { unlessTooOld } from './agent-age.js';
import type { StepInput } from './step.js';

/**
 * Takes the link from these ports and gives it to the other ones, in the definition or in what runs.
 * @throws DomainError UNSUPPORTED_BY_DRIVER when one shall be down and the agent of the host is too old to know of links
 */
export const setLinks = async (
  { vm, target, on, requests }: StepInput,
  of: 'definition' | 'live',
  links: DownLinks,
): Promise<void> => {
  const down = Object.keys(links);
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const answer = await unlessTooOld(about, () => requests.call(setPortLinks, { ...target, of, down }, on));
  // Such an agent takes no link from anybody.
  if (answer !== undefined || down.length === 0) return;
  const message = 'The agent of the host is older than links of ports: update it, or set the link up';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: setPortLinks.name }, { message });
};
