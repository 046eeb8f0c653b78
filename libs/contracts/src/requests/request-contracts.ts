import type { AnyContract, RequestContract } from '../messages/define.js';
import * as cdromRequests from './cdrom.requests.js';
import * as chainsRequests from './chains.requests.js';
import * as clonesRequests from './clones.requests.js';
import * as firewallRequests from './firewall.requests.js';
import * as hardwareRequests from './hardware.requests.js';
import * as hostDetailsRequests from './host-details.requests.js';
import * as hostRequests from './host.requests.js';
import * as imagesRequests from './images.requests.js';
import * as metricsRequests from './metrics.requests.js';
import * as migrationsWithVolumesRequests from './migrations-with-volumes.requests.js';
import * as migrationsRequests from './migrations.requests.js';
import * as networksRequests from './networks.requests.js';
import * as portLinksRequests from './port-links.requests.js';
import * as portsRequests from './ports.requests.js';
import * as seedRequests from './seed.requests.js';
import * as usersRequests from './users.requests.js';
import * as vmSizesRequests from './vm-sizes.requests.js';
import * as vmsRequests from './vms.requests.js';
import * as savesRequests from './saves.requests.js';
import * as snapshotsRequests from './snapshots.requests.js';
import * as volumeMovesRequests from './volume-moves.requests.js';
import * as volumesRequests from './volumes.requests.js';

export const isContract = (value: unknown): value is AnyContract =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  'version' in value &&
  ['event', 'command', 'query', 'report'].includes(String(value.type));

/** Every command and query. */
export const REQUEST_CONTRACTS: readonly RequestContract[] = [
  usersRequests,
  vmsRequests,
  networksRequests,
  firewallRequests,
  metricsRequests,
  hostRequests,
  hardwareRequests,
  savesRequests,
  snapshotsRequests,
  clonesRequests,
  migrationsRequests,
  migrationsWithVolumesRequests,
  volumesRequests,
  volumeMovesRequests,
  imagesRequests,
  seedRequests,
  hostDetailsRequests,
  vmSizesRequests,
  portLinksRequests,
  portsRequests,
  cdromRequests,
  chainsRequests,
]
  .flatMap((module) => Object.values<unknown>(module).filter(isContract))
  .filter((contract): contract is RequestContract => contract.type === 'command' || contract.type === 'query');
