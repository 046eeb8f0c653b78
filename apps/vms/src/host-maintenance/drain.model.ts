import { PageInfo } from '@infinibay/platform-graphql';
import { DRAIN_OUTCOMES, type DrainOutcome } from '@infinibay/vms-domain';
import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Failure, Vm } from '../vms/vm.model.js';

const Outcomes = Object.fromEntries(DRAIN_OUTCOMES.map((outcome) => [outcome, outcome]));
registerEnumType(Outcomes, {
  name: 'DrainOutcome',
  description: 'What drainHost does to one virtual machine of a host. None is moved away: that is migrateVm',
  valuesMap: {
    SHUT_DOWN: {
      description:
        'Its guest is asked to power off, once it is up if it is only being made, and runs on before if it stands still',
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
    description: 'Of BLOCKED: the error that the virtual machine is in, or VM_BUSY with what is under way',
  })
  reason!: Failure | null;
}

@ObjectType({ description: 'A page of what drainHost would do to the virtual machines of a host' })
export class DrainPreviewConnection {
  @Field(() => [DrainPreview], { description: 'In the order of the ids of the virtual machines' })
  nodes!: DrainPreview[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => Int, { description: 'How many of all of them would be shut down' })
  shutDownCount!: number;

  @Field(() => Int, { description: 'How many of all of them would be left as they are though they are not off' })
  blockedCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
