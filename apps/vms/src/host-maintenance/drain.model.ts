import { PageInfo } from '@infinibay/platform-graphql';
import { DRAIN_OUTCOMES, type DrainOutcome } from '@infinibay/vms-domain';
import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Failure, Vm } from '../vms/vm.model.js';

const Outcomes = Object.fromEntries(DRAIN_OUTCOMES.map((outcome) => [outcome, outcome]));
registerEnumType(Outcomes, {
  name: 'DrainOutcome',
  description: 'What drainHost does to one virtual machine of a host',
  valuesMap: {
    MIGRATE: {
      description:
        'It is moved to another host as by migrateVm, once it is up if it is only being made; or it is on its way already',
    },
    SHUT_DOWN: {
      description:
        'Its guest is asked to power off, once it is up if it is only being made, and runs on before if it stands still; or it is going off already. Where it was to be moved, the reason says why it can not be',
    },
    DELETION: {
      description: 'It is being deleted, which cuts its power; its result is SUCCEEDED when it is gone',
    },
    NOTHING: { description: 'It is off' },
    BLOCKED: { description: 'It is left as it is, and its result is REFUSED; the reason says why' },
  },
});

@ObjectType({ description: 'What drainHost would do to one virtual machine' })
export class DrainPreview {
  @Field(() => Vm, { description: 'The virtual machine' })
  vm!: Vm;

  @Field(() => Outcomes)
  outcome!: DrainOutcome;

  @Field(() => Failure, {
    nullable: true,
    description:
      'Of BLOCKED: the error that the virtual machine is in, VM_BUSY with what is under way, or why it can not be moved: of NO_SUITABLE_HOST the message names the rules by which the other hosts refuse it. Of SHUT_DOWN: why it can not be moved, where that was wanted',
  })
  reason!: Failure | null;

  // Not a field of the API: what the field resolver needs.
  targetHostId!: string | null;
}

@ObjectType({ description: 'A page of what drainHost would do to the virtual machines of a host' })
export class DrainPreviewConnection {
  @Field(() => [DrainPreview], { description: 'In the order of the ids of the virtual machines' })
  nodes!: DrainPreview[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => Int, { description: 'How many of all of them would be moved to other hosts' })
  migrateCount!: number;

  @Field(() => Int, { description: 'How many of all of them would be shut down' })
  shutDownCount!: number;

  @Field(() => Int, { description: 'How many of all of them would be left as they are though they are not off' })
  blockedCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
