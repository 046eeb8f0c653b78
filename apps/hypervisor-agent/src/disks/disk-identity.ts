import { HostImage, Uuid } from '@infinibay/contracts';
import { z } from 'zod';

/** Whose disk a file is and what it was cloned from; written into its header when it is made. */
export const DiskIdentity = z.object({
  vmId: Uuid,
  imageId: Uuid,
  imageSha256: HostImage.shape.sha256,
});
export type DiskIdentity = z.infer<typeof DiskIdentity>;

/** Which volume a file is. */
export const VolumeIdentity = z.object({ volumeId: Uuid });
export type VolumeIdentity = z.infer<typeof VolumeIdentity>;

export const encodeVolumeIdentity = (identity: VolumeIdentity): Buffer => Buffer.from(JSON.stringify(identity));

export const encodeIdentity = (identity: DiskIdentity): Buffer => Buffer.from(JSON.stringify(identity));

/** undefined: it is no VM's disk of ours. */
export const decodeIdentity = (bytes: Buffer): DiskIdentity | undefined => decode(DiskIdentity, bytes);

/** undefined: it is no volume of ours. */
export const decodeVolumeIdentity = (bytes: Buffer): VolumeIdentity | undefined => decode(VolumeIdentity, bytes);

const decode = <T>(schema: z.ZodType<T>, bytes: Buffer): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
