export const IMAGE_OPTIONS = Symbol('IMAGE_OPTIONS');

export interface ImageOptions {
  /** Images that a department may have. */
  readonly perDepartment: number;
}

export const imageOptions = ({ IMAGES_PER_DEPARTMENT }: { IMAGES_PER_DEPARTMENT: number }): ImageOptions => ({
  perDepartment: IMAGES_PER_DEPARTMENT,
});
