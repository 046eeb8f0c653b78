import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { ImageClaimRepository } from './image-claim.repository.js';
import { ImageWorker } from './image.worker.js';

/** A host is asked for a few seconds, and again soon: nobody holds a place for as long as an import takes. */
const LIMITS = { atOnce: 4, perHost: 2 } as const;

/** Brings images to what is wished for. */
@Injectable()
export class ImageReconciler extends Worker {
  constructor(
    claims: ImageClaimRepository,
    worker: ImageWorker,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const due = dueRows({
      name: 'images',
      source: claims,
      work: (claim) => claims.hold(claim, () => worker.work(claim)),
      failure: 'reconcile of an image failed; it is taken up again when its lease ends',
      isSoonDueAgain: true,
    });
    super('images', [due], logger, metrics, LIMITS);
  }
}
