import { chmod, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IMPORTED_IMAGE_VERSION, Uuid, type RequestOf, type importImage, type removeImage } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { StorageMark } from '../disks/storage-mark.js';
import { ImageManifest } from '../images/image-manifest.js';
import { libraryFolder } from '../images/library-folder.js';
import { syncFolder } from '../work/fence-store.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isMissing } from '../work/missing-file.js';

const PART = '.part';
/** Of a manifest that is written before the file gets its name: it says which file that is, also after a kill. */
const NEW = '.new';
/** Of a manifest whose image is being removed: it says which file goes too, also after a kill. */
const GONE = '.gone';
/** What was begun and not ended: after a day nobody comes back for it. */
const FORGOTTEN_MS = 86_400_000;
/** Disks are based on it: who runs guests must be able to read it, whoever that is. */
const READABLE = 0o644;

/** What is said of an image that is put here. */
export type AdoptedImage = Pick<
  RequestOf<typeof importImage>,
  'imageId' | 'name' | 'osFamily' | 'format' | 'sha256' | 'minMemoryMib'
>;

type ImageFile = Pick<RequestOf<typeof removeImage>, 'sha256' | 'format'>;

const fileName = ({ sha256, format }: ImageFile): string => `${sha256}.${format === 'qcow2' ? 'qcow2' : 'img'}`;

/**
 * The folder of imported images: a manifest for each, named by its id, and files named by their SHA-256. Images with the
 * same content share a file, which goes with the last of them.
 */
@Injectable()
export class ImageLibrary {
  readonly folder: string;
  private readonly storage: StorageMark;
  /** What changes a file, by its name: one adopts it, another removes it. */
  private readonly queue = new KeyedQueue();

  constructor(
    @Inject(AGENT_CONFIG) config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.folder = libraryFolder(config.DISK_DIR);
    this.storage = new StorageMark(config.DISK_DIR, config.STATE_DIR);
  }

  /** @throws DomainError STORAGE_UNAVAILABLE */
  async prepare(): Promise<void> {
    await this.storage.require();
    await mkdir(this.folder, { recursive: true, mode: 0o711 });
  }

  pathOf(file: ImageFile): string {
    return join(this.folder, fileName(file));
  }

  /** Where an image is written that is not whole yet. */
  partOf(imageId: string): string {
    return join(this.folder, `${imageId}${PART}`);
  }

  /** How much is there of one that is not whole yet; 0: nothing was begun. */
  async partBytes(imageId: string): Promise<number> {
    try {
      return (await stat(this.partOf(imageId))).size;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  /** Whether it is said to be here. Whether it may be used, ImageStore knows. */
  has(imageId: string): Promise<boolean> {
    return exists(this.manifestOf(imageId));
  }

  /**
   * What has come, and was checked, becomes the image: the file first, and then what says that it is there. Before both it
   * is written which file that is: who gives the image up need not know.
   * @param isSound whether an image is kept in a file that may be used
   */
  async adopt(
    asked: AdoptedImage,
    virtualSizeBytes: number,
    isSound: (path: string) => Promise<boolean>,
  ): Promise<void> {
    const { imageId: id, name, osFamily, format, sha256, minMemoryMib } = asked;
    const about = { id, name, osFamily, format, sha256, minMemoryMib, virtualSizeBytes };
    const manifest: ImageManifest = { ...about, version: IMPORTED_IMAGE_VERSION, file: fileName(asked) };
    await this.queue.run(manifest.file, async () => {
      await this.writeNew(manifest);
      const [part, path] = [this.partOf(id), this.pathOf(asked)];
      // One with that name has the same content and stays: in place of it another would have to be hashed before any VM on
      // it starts. One that was damaged is replaced: a guest that has it open keeps the one that it has.
      if (!(await isSound(path))) {
        await chmod(part, READABLE);
        await rename(part, path);
        await syncFolder(this.folder);
      }
      await rename(`${this.manifestOf(id)}${NEW}`, this.manifestOf(id));
      await syncFolder(this.folder);
      await rm(part, { force: true });
    });
  }

  /**
   * The file that the manifest of an image names, also of one whose removal was begun, or that was not there yet; undefined:
   * none that can be read.
   */
  async fileOf(imageId: string): Promise<ImageFile | undefined> {
    const manifest = this.manifestOf(imageId);
    for (const path of [manifest, `${manifest}${GONE}`, `${manifest}${NEW}`])
      try {
        const { sha256, format } = ImageManifest.parse(JSON.parse(await readFile(path, 'utf8')));
        return { sha256, format };
      } catch (error) {
        if (!isMissing(error)) this.logger.error({ manifest: path, err: error }, 'a manifest is damaged');
      }
    return undefined;
  }

  /** Whether its file goes with an image: it is here, and no other is kept in the file. */
  async goesWith({ imageId, ...file }: ImageFile & { readonly imageId: string }): Promise<boolean> {
    return (await this.has(imageId)) && !(await this.isNeeded(fileName(file), imageId));
  }

  /**
   * Removes an image with all that is left of its import.
   * @param keepsFile whether the file itself stays
   * @returns whether there was one
   */
  remove({ imageId, ...file }: ImageFile & { readonly imageId: string }, keepsFile: boolean): Promise<boolean> {
    return this.queue.run(fileName(file), async () => {
      const manifest = this.manifestOf(imageId);
      const isThere = await exists(manifest);
      await rm(this.partOf(imageId), { force: true });
      if (isThere) {
        await rename(manifest, `${manifest}${GONE}`);
        await syncFolder(this.folder);
      }
      if (!keepsFile && !(await this.isNeeded(fileName(file)))) await rm(this.pathOf(file), { force: true });
      for (const path of [`${manifest}${NEW}`, `${manifest}${GONE}`]) await rm(path, { force: true });
      return isThere;
    });
  }

  /** What of an import is left that came to nothing. */
  async discardPart(imageId: string): Promise<void> {
    await rm(this.partOf(imageId), { force: true });
  }

  /** Removes what was begun long ago and never ended. @param isWanted whether somebody still works on an image */
  async sweep(isWanted: (imageId: string) => boolean): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(PART))) {
      const imageId = name.slice(0, -PART.length);
      if (!Uuid.safeParse(imageId).success || isWanted(imageId)) continue;
      // An import that ends meanwhile takes it away.
      const mtimeMs = (await stat(join(this.folder, name)).catch(() => undefined))?.mtimeMs;
      if (mtimeMs === undefined || Date.now() - mtimeMs < FORGOTTEN_MS) continue;
      await rm(join(this.folder, name), { force: true });
      this.logger.info({ imageId }, 'what was left of an import is removed');
    }
  }

  /**
   * Whether an image is kept in the file, or may be: of a manifest that cannot be read nobody knows.
   * @param goingId not by this one
   */
  private async isNeeded(file: string, goingId?: string): Promise<boolean> {
    const own = `${goingId ?? ''}.json`;
    const manifests = (await readdir(this.folder)).filter((name) => name.endsWith('.json') && name !== own);
    for (const name of manifests)
      try {
        const manifest = ImageManifest.parse(JSON.parse(await readFile(join(this.folder, name), 'utf8')));
        if (manifest.file === file) return true;
      } catch (error) {
        if (isMissing(error)) continue;
        this.logger.error({ manifest: name, file, err: error }, 'a manifest is damaged; the file is kept');
        return true;
      }
    return false;
  }

  private manifestOf(imageId: string): string {
    return join(this.folder, `${imageId}.json`);
  }

  private async writeNew(manifest: ImageManifest): Promise<void> {
    const file = await open(`${this.manifestOf(manifest.id)}${NEW}`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(manifest));
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(this.folder);
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};
