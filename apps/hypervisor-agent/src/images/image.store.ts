import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, type HostImage } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { bootId } from '../work/boot-id.js';
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
  /** Nothing is to be looked at again by a later run. */
  readonly isWhole: boolean;
}

const MAX_MANIFEST_BYTES = 65_536;
const MAX_IMAGES = 1_000;
const SOUND = 'sound';
/** Another one when more is looked at: what an earlier agent found is then worth nothing. */
const CHECK_VERSION = 1;

/** Identities of files that were found sound, by path. */
const SoundFiles = z.record(z.string(), z.string());

/**
 * The images of this host. An image is offered only when it is what its manifest says; a file is hashed once for
 * each boot of the host, and not for each start of the agent: one that tells of no images until all are hashed has none, for
 * whoever places VMs.
 */
@Injectable()
export class ImageStore {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly records: RecordStore<z.infer<typeof SoundFiles>>;
  private loaded: Promise<void> | undefined;
  /** Where no kernel tells of a boot, each run is one. */
  private readonly boot = bootId() ?? newId();
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
    return usable.slice(0, MAX_IMAGES);
  }

  /** Those that were found sound before, at once: nothing is hashed. */
  async listKnown(): Promise<HostImage[]> {
    await (this.loaded ??= this.load());
    const known: HostImage[] = [];
    for (const image of await this.manifests()) if (await this.isKnownSound(image)) known.push(toHostImage(image));
    return known.slice(0, MAX_IMAGES);
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
        const identity = await this.identityOf(image);
        const known = this.verdicts.get(image.path);
        if (known?.identity === identity) return known.refusal;
        const { refusal, isWhole } = await verdictOf(image);
        this.verdicts.set(image.path, { identity, refusal, isWhole });
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

  private async isKnownSound(image: UsableImage): Promise<boolean> {
    try {
      const verdict = this.verdicts.get(image.path);
      return verdict?.refusal === null && verdict.identity === (await this.identityOf(image));
    } catch (error) {
      if (error instanceof ImageRefused) return false;
      throw error;
    }
  }

  /**
   * All that a verdict is about: the file, and what is said of it. And the boot: a power cut may have taken bytes that were
   * hashed and not yet on the disk.
   */
  private async identityOf({ path, sha256, format, virtualSizeBytes }: UsableImage): Promise<string> {
    return JSON.stringify([CHECK_VERSION, this.boot, await identityOf(path), sha256, format, virtualSizeBytes]);
  }

  /** What was found sound by an earlier run; what is not known is hashed. */
  private async load(): Promise<void> {
    try {
      const known = (await this.records.last(SOUND)) ?? {};
      for (const [path, identity] of Object.entries(known))
        this.verdicts.set(path, { identity, refusal: null, isWhole: true });
    } catch (error) {
      this.logger.warn({ err: error }, 'what is known of images could not be read; they are hashed again');
    }
  }

  /** Of the images that there are. A failure costs another hash after the next start, and no more. */
  private async remember(): Promise<void> {
    try {
      const paths = new Set((await this.manifests()).map(({ path }) => path));
      const sound = [...this.verdicts].flatMap(([path, { identity, refusal, isWhole }]) =>
        refusal === null && isWhole && paths.has(path) ? [[path, identity] as const] : [],
      );
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

const verdictOf = async (image: UsableImage): Promise<Omit<Verdict, 'identity'>> => {
  try {
    return { refusal: null, isWhole: await checkImage(image.path, image) };
  } catch (error) {
    if (error instanceof ImageRefused) return { refusal: error.message, isWhole: true };
    throw error;
  }
};
