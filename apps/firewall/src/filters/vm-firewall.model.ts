import { FilterStatus } from '@infinibay/contracts';
import { Field, GraphQLISODateTime, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { z } from 'zod';

registerEnumType(FilterStatus.enum, {
  name: 'FilterStatus',
  description:
    'PENDING: a change is on its way. APPLIED: the host enforces it. FAILED: it does not, see errorCode; it is tried again. UNSUPPORTED: the driver has no packet filter',
});

@ObjectType({ description: 'How far the packet filter of a VM is' })
export class VmFirewall {
  @Field(() => FilterStatus.enum, { description: 'How far it is' })
  status!: z.infer<typeof FilterStatus>;

  @Field(() => Int, { description: 'Grows with every change of the rules that hold for the VM' })
  revision!: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When the host applied it last' })
  appliedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it could not be applied; null when it could' })
  errorCode!: string | null;

  /** Not fields: what `kernelRules` is read with. */
  vmId!: string;
  hostId!: string;
}
