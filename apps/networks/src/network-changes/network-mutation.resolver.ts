import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, validateInput } from '@infinibay/platform-graphql';
import { Args, ID, Mutation, Resolver } from '@nestjs/graphql';
import {
  CreateNetworkInput,
  CreateNetworkSchema,
  DeleteNetworkInput,
  DeleteNetworkSchema,
} from '../networks/network.inputs.js';
import { toNetwork } from '../networks/network.mapper.js';
import { Network } from '../networks/network.model.js';
import { NetworkChangesService } from './network-changes.service.js';

@Resolver(() => Network)
export class NetworkMutationResolver {
  constructor(private readonly changes: NetworkChangesService) {}

  @Authorize()
  @Mutation(() => Network, {
    description:
      'Makes a network. Errors: DEPARTMENT_NOT_FOUND, MALFORMED_ADDRESS, ADDRESS_RANGE_TAKEN, NETWORK_RANGE_RESERVED, QUOTA_EXCEEDED, NAME_TAKEN, INVALID_INPUT',
  })
  async createNetwork(@CurrentActor() actor: Actor, @Args('input') input: CreateNetworkInput): Promise<Network> {
    const checked = validateInput(CreateNetworkSchema, input, {
      departmentId: 'DEPARTMENT_NOT_FOUND',
      cidr: 'MALFORMED_ADDRESS',
    });
    return toNetwork(await this.changes.create(actor, checked));
  }

  @Authorize()
  @Mutation(() => ID, {
    description:
      'Deletes a network without ports and answers its id. Errors: NETWORK_NOT_FOUND, NETWORK_IN_USE, INVALID_INPUT',
  })
  deleteNetwork(@CurrentActor() actor: Actor, @Args('input') input: DeleteNetworkInput): Promise<string> {
    return this.changes.delete(actor, validateInput(DeleteNetworkSchema, input, { networkId: 'NETWORK_NOT_FOUND' }));
  }
}
