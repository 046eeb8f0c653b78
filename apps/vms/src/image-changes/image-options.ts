export const IMAGE_OPTIONS = Symbol('IMAGE_OPTIONS');

export interface ImageOptions {
  /** Images that a department may have. */
  readonly perDepartment: number;
  /** Makes the tickets of uploads. */
  readonly internalKey: string;
}

interface ImageConfig {
  readonly IMAGES_PER_DEPARTMENT: number;
  readonly INTERNAL_KEY: string;
}

export const imageOptions = ({ IMAGES_PER_DEPARTMENT, INTERNAL_KEY }: ImageConfig): ImageOptions => ({
  perDepartment: IMAGES_PER_DEPARTMENT,
  internalKey: INTERNAL_KEY,
});
