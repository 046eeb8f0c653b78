import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { VolumeClaimRepository } from './volume-claim.repository.js';
import { VolumeWorker } from './volume.worker.js';

/** Making and growing a volume is a moment's work; these are enough, and leave connections to the VMs. */
const LIMITS = { atOnce: 4, perHost: 2 } as const;

/** Brings volumes to what is wished for. */
@Injectable()
export class VolumeReconciler extends Worker {
  constructor(
    claims: VolumeClaimRepository,
    worker: VolumeWorker,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const due = dueRows({
      name: 'volumes',
      source: claims,
      work: (claim) => claims.hold(claim, () => worker.work(claim)),
      failure: 'reconcile of a volume failed; it is taken up again when its lease ends',
    });
    super('volumes', [due], logger, metrics, LIMITS);
  }
}
