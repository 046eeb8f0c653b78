import { Authorize } from '@infinibay/platform-access';
import { Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { VolumeConnection } from './volume.model.js';

@Resolver(() => VolumeConnection)
export class VolumeConnectionResolver {
  @Authorize()
  @ResolveField(() => Int, { description: 'How many there are on all pages; counted only when it is asked for' })
  totalCount(@Parent() page: VolumeConnection): Promise<number> {
    return page.count();
  }
}
