import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, type HostImage } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isMissing } from '../work/missing-file.js';
import { RecordStore } from '../work/record-store.js';
import { ImageRefused, checkImage, identityOf } from './image-check.js';
import { ImageManifest, toHostImage } from './image-manifest.js';
import { libraryFolder } from './library-folder.js';

export interface UsableImage extends ImageManifest {
  readonly path: string;
}

interface Verdict {
  readonly identity: string;
  readonly refusal: string | null;
}

const MAX_MANIFEST_BYTES = 65_536;
const MAX_IMAGES = 1_000;
const SOUND = 'sound';

/** Identities of files that were found sound, by path. */
const SoundFiles = z.record(z.string(), z.string());

/**
 * The images of this host. An image is offered only when it is what its manifest says; a file is hashed once, also where
 * the agent is started anew: a host that said nothing of its images until all are hashed would be one that has none.
 */
@Injectable()
export class ImageStore {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly records: RecordStore<z.infer<typeof SoundFiles>>;
  private loaded: Promise<void> | undefined;
  private readonly queue = new KeyedQueue();
  private readonly complaints = new Map<string, string>();

  constructor(
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.records = new RecordStore(join(config.STATE_DIR, 'images'), SoundFiles);
  }

  /** Every image that may be used, newly read. Takes long when there are large images not yet hashed. */
  async list(): Promise<HostImage[]> {
    const usable: HostImage[] = [];
    for (const image of await this.manifests())
      if ((await this.refusalOf(image)) === null) usable.push(toHostImage(image));
    for (const path of this.verdicts.keys()) if (!(await exists(path))) this.verdicts.delete(path);
    return usable.slice(0, MAX_IMAGES);
  }

  /** @throws DomainError IMAGE_NOT_FOUND when there is none or it was refused; the log says why */
  async get(imageId: string): Promise<UsableImage> {
    const image = (await this.manifests()).find(({ id }) => id === imageId);
    if (image === undefined || (await this.refusalOf(image)) !== null)
      throw new DomainError('IMAGE_NOT_FOUND', { imageId });
    return image;
  }

  /** The image that a disk was made on, as it is now; `refusal` says why it must not be used. undefined: there is none. */
  async find(imageId: string): Promise<{ readonly image: UsableImage; readonly refusal: string | null } | undefined> {
    const image = (await this.manifests()).find(({ id }) => id === imageId);
    if (image === undefined || !(await exists(image.path))) return undefined;
    return { image, refusal: await this.refusalOf(image) };
  }

  /** Whether an image is kept in the file that may be used. */
  async isSound(path: string): Promise<boolean> {
    for (const image of await this.manifests())
      if (image.path === path && (await exists(path)) && (await this.refusalOf(image)) === null) return true;
    return false;
  }

  /**
   * Heartbeats tell of so many and no more: one beyond them could never be used. Two may be on their way at once.
   * @throws DomainError IMAGE_LIMIT_REACHED
   */
  async requirePlace(): Promise<void> {
    if ((await this.manifests()).length < MAX_IMAGES - 1) return;
    const message = 'The host has as many images as it can have';
    throw new DomainError('IMAGE_LIMIT_REACHED', { limit: MAX_IMAGES }, { message });
  }

  private async refusalOf(image: UsableImage): Promise<string | null> {
    return this.queue.run(image.path, async () => {
      await (this.loaded ??= this.load());
      try {
        const identity = `${await identityOf(image.path)}:${image.sha256}`;
        const known = this.verdicts.get(image.path);
        if (known?.identity === identity) return known.refusal;
        const refusal = await refusalOf(image);
        this.verdicts.set(image.path, { identity, refusal });
        if (refusal === null) this.logger.info({ imageId: image.id, image: image.name }, 'image checked');
        else this.complain(image.path, refusal);
        await this.remember();
        return refusal;
      } catch (error) {
        if (!(error instanceof ImageRefused)) throw error;
        this.complain(image.path, error.message);
        return error.message;
      }
    });
  }

  /** What was found sound by an earlier run; what is not known is hashed. */
  private async load(): Promise<void> {
    try {
      const known = (await this.records.last(SOUND)) ?? {};
      for (const [path, identity] of Object.entries(known)) this.verdicts.set(path, { identity, refusal: null });
    } catch (error) {
      this.logger.warn({ err: error }, 'what is known of images could not be read; they are hashed again');
    }
  }

  /** A failure costs another hash after the next start, and no more. */
  private async remember(): Promise<void> {
    const sound = [...this.verdicts].flatMap(([path, { identity, refusal }]) =>
      refusal === null ? [[path, identity] as const] : [],
    );
    try {
      await this.queue.run(SOUND, () => this.records.keep(SOUND, Object.fromEntries(sound)));
    } catch (error) {
      this.logger.warn({ err: error }, 'what is known of images could not be written');
    }
  }

  /** What the operator has put here, and what was imported. */
  private async manifests(): Promise<UsableImage[]> {
    const { IMAGE_DIR, DISK_DIR } = this.config;
    const found = await Promise.all([IMAGE_DIR, libraryFolder(DISK_DIR)].map((folder) => this.manifestsIn(folder)));
    return found.flat();
  }

  private async manifestsIn(folder: string): Promise<UsableImage[]> {
    const names = await readdir(folder).catch(() => []);
    const images = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => this.manifest(folder, name)),
    );
    return images.filter((image) => image !== undefined);
  }

  private async manifest(folder: string, name: string): Promise<UsableImage | undefined> {
    const path = join(folder, name);
    try {
      if ((await stat(path)).size > MAX_MANIFEST_BYTES) throw new RangeError('the manifest is too large');
      const manifest = ImageManifest.parse(JSON.parse(await readFile(path, 'utf8')));
      return { ...manifest, path: join(folder, manifest.file) };
    } catch (error) {
      this.complain(path, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Once for each reason: images are read again and again. */
  private complain(path: string, reason: string): void {
    if (this.complaints.get(path) === reason) return;
    this.complaints.set(path, reason);
    this.logger.error({ path, reason }, 'image refused');
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

const refusalOf = async (image: UsableImage): Promise<string | null> => {
  try {
    await checkImage(image.path, image);
    return null;
  } catch (error) {
    if (error instanceof ImageRefused) return error.message;
    throw error;
  }
};
