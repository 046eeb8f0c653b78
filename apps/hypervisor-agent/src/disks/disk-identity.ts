import { HostImage, Uuid } from '@infinibay/contracts';
import { z } from 'zod';

/** Whose disk a file is and what it was cloned from; written into its header when it is made. */
export const DiskIdentity = z.object({
  vmId: Uuid,
  imageId: Uuid,
  imageSha256: HostImage.shape.sha256,
});
export type DiskIdentity = z.infer<typeof DiskIdentity>;

export const encodeIdentity = (identity: DiskIdentity): Buffer => Buffer.from(JSON.stringify(identity));

/** undefined: it is none of ours. */
export const decodeIdentity = (bytes: Buffer): DiskIdentity | undefined => {
  try {
    return DiskIdentity.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
