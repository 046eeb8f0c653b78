import { HostImage, Uuid } from '@infinibay/contracts';
import { z } from 'zod';

/** What stands beside an image as `<name>.json`. The file is in the same folder; a path is refused. */
export const ImageManifest = z.object({
  id: Uuid,
  name: HostImage.shape.name,
  version: HostImage.shape.version,
  format: HostImage.shape.format,
  file: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'must be the name of a file in the same folder'),
  sha256: HostImage.shape.sha256,
  virtualSizeBytes: HostImage.shape.virtualSizeBytes,
  minMemoryMib: HostImage.shape.minMemoryMib,
  osFamily: HostImage.shape.osFamily,
});
export type ImageManifest = z.infer<typeof ImageManifest>;

export const toHostImage = ({ id, file: _file, ...rest }: ImageManifest): HostImage => ({ imageId: id, ...rest });
