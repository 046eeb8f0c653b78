import { stat } from 'node:fs/promises';
import { DomainError, isRetryable } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ImageStore } from '../images/image.store.js';
import { InventoryService } from '../inventory/inventory.service.js';
import { ImageImports } from './image-imports.js';
import { ImageLibrary } from './image-library.js';
import { importError } from './import-error.js';

/** A server that sends a byte now and then must not take a place for ever. */
const LONGEST_MS = 21_600_000;
const SWEEP_MS = 3_600_000;

interface Wanted {
  readonly imageId: string;
  /** null: what it is made of says it. */
  readonly sha256: string | null;
}

export interface Imported {
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
}

/** Gets the bytes from where they are, looks at them and puts them into the library. */
export type Bring = (stop: AbortSignal, tell: (percent: number) => void) => Promise<Imported>;

/** Brings images to this host. Whatever it is killed at, asking again goes on or begins anew. */
@Injectable()
export class ImageImporting implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly imports: ImageImports,
    private readonly library: ImageLibrary,
    private readonly store: ImageStore,
    private readonly inventory: InventoryService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = (): void =>
      void this.library
        .sweep((imageId) => this.imports.isGoingOn(imageId))
        .catch((error: unknown) => {
          this.logger.warn({ err: error }, 'the folder of images could not be swept');
        });
    this.sweeping = setInterval(sweep, SWEEP_MS);
    sweep();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeping);
  }

  /** Call within the gate of the image. */
  begin(wanted: Wanted, bring: Bring): Promise<Imported> {
    return this.imports.begin(
      wanted.imageId,
      async (stop, tell) =>
        (await this.known(wanted)) ?? (await this.get(wanted, stop, (signal) => bring(signal, tell))),
    );
  }

  /** What is there already, whole and checked; undefined: it is to be brought. */
  private async known({ imageId, sha256 }: Wanted): Promise<Imported | undefined> {
    const found = await this.store.find(imageId);
    if (found?.refusal !== null || (sha256 !== null && found.image.sha256 !== sha256)) return undefined;
    const { size } = await stat(found.image.path);
    await this.inventory.scanImagesAnew();
    return { sizeBytes: size, virtualSizeBytes: found.image.virtualSizeBytes };
  }

  private async get(
    { imageId, sha256 }: Wanted,
    stop: AbortSignal,
    bring: (signal: AbortSignal) => Promise<Imported>,
  ): Promise<Imported> {
    // What is made of a disk of this host waits for no server, and would begin at its beginning: who asks for it ends it.
    const limit = sha256 === null ? new AbortController().signal : AbortSignal.timeout(LONGEST_MS);
    const started = performance.now();
    try {
      await this.store.requirePlace();
      const imported = await bring(AbortSignal.any([stop, limit]));
      await this.inventory.scanImagesAnew();
      // As every image is looked at before it is used: what lies there now, and not what came.
      await this.store.get(imageId);
      const durationMs = Math.round(performance.now() - started);
      this.logger.info({ imageId, ...imported, durationMs }, 'image imported');
      return imported;
    } catch (cause) {
      const error = importError(cause, { stop, limit });
      const isFinal = error instanceof DomainError && !isRetryable(error);
      // What may yet come about goes on from what is there.
      if (isFinal) await this.library.discardPart(imageId).catch(() => undefined);
      this.logger.warn({ imageId, isFinal, err: cause }, 'image not imported');
      throw error;
    }
  }
}
