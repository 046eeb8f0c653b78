import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'A network in which a virtual machine shall have a port' })
export class AddVmPortInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, { description: 'Of the department of the VM' })
  networkId!: string;
}

@InputType({ description: 'A port of a virtual machine' })
export class RemoveVmPortInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, { description: 'One of Vm.ports' })
  portId!: string;
}

@InputType({ description: 'A port of a virtual machine, and the network in which it shall have one instead' })
export class ChangeVmPortNetworkInput extends RemoveVmPortInput {
  @Field(() => ID, { description: 'Of the department of the VM' })
  networkId!: string;
}

const ofVm = { idempotencyKey: IdempotencyKey, vmId: z.string() };

export const AddVmPort = z.object({ ...ofVm, networkId: z.string() });
export const RemoveVmPort = z.object({ ...ofVm, portId: z.string() });
export const ChangeVmPortNetwork = z.object({ ...ofVm, portId: z.string(), networkId: z.string() });
