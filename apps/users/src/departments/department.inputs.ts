import { DisplayName, IdempotencyKey, Uuid } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'A new department' })
export class CreateDepartmentInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description:
      '1 to 120 visible characters; NAME_TAKEN when there is one that differs only in case or in how it is encoded',
  })
  name!: string;
}

export const CreateDepartmentRules = z.object({ idempotencyKey: IdempotencyKey, name: DisplayName });
export type CreateDepartment = z.output<typeof CreateDepartmentRules>;

@InputType({ description: 'Who becomes a member of what' })
export class AddDepartmentMemberInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'DEPARTMENT_NOT_FOUND when there is none' })
  departmentId!: string;

  @Field(() => ID, { description: 'USER_NOT_FOUND when there is none' })
  userId!: string;
}

@InputType({ description: 'Who is no longer a member of what' })
export class RemoveDepartmentMemberInput extends AddDepartmentMemberInput {}

export const MembershipRules = z.object({ idempotencyKey: IdempotencyKey, departmentId: Uuid, userId: Uuid });
export type MembershipChange = z.output<typeof MembershipRules>;
