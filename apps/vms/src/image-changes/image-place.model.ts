import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

export const ImagePlaceStates = { READY: 'READY', COPYING: 'COPYING', FAILED: 'FAILED' } as const;
export type ImagePlaceState = keyof typeof ImagePlaceStates;

registerEnumType(ImagePlaceStates, {
  name: 'ImagePlaceState',
  description:
    'How an image stands on one host. READY: VMs can be made of it there. COPYING: it comes from another host. FAILED: it could not be copied there; copyImage tries again',
});

@ObjectType({ description: 'A host that has an image, is to get it, or could not get it' })
export class ImagePlace {
  @Field(() => ImagePlaceStates)
  state!: ImagePlaceState;

  @Field(() => Int, { description: '0 to 100, of its bytes' })
  progressPercent!: number;

  @Field(() => String, { nullable: true, description: 'Why it could not be copied; set in state FAILED' })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'For people' })
  errorMessage!: string | null;

  // Not a field of the API: what the field resolver needs.
  hostId!: string;
}
