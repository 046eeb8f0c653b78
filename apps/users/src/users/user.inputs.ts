import { ActorRole, DisplayName, IdempotencyKey, Uuid } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { Email, NewPassword } from '../passwords/password.rules.js';
import { RoleEnum } from './user.model.js';

@InputType({ description: 'A new user' })
export class CreateUserInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, { description: 'Unique whatever its case; EMAIL_TAKEN otherwise' })
  email!: string;

  @Field(() => String, { description: '1 to 120 visible characters' })
  name!: string;

  @Field(() => String, { description: '12 to 256 characters' })
  password!: string;

  @Field(() => RoleEnum, { defaultValue: RoleEnum.USER, description: 'What the user may do everywhere' })
  role!: ActorRole;

  @Field(() => [ID], { defaultValue: [], description: 'Departments that the user becomes a member of, at most 100' })
  departmentIds!: string[];
}

export const CreateUserRules = z.object({
  idempotencyKey: IdempotencyKey,
  email: Email,
  name: DisplayName,
  password: NewPassword,
  role: ActorRole,
  departmentIds: z.array(Uuid).max(100),
});
export type CreateUser = z.output<typeof CreateUserRules>;

@InputType({ description: 'Whether a user may log in' })
export class SetUserDisabledInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'The user; USER_NOT_FOUND when there is none' })
  userId!: string;

  @Field(() => Boolean, { description: 'true ends every open session of the user' })
  disabled!: boolean;
}

export const SetUserDisabledRules = z.object({ idempotencyKey: IdempotencyKey, userId: Uuid, disabled: z.boolean() });
export type SetUserDisabled = z.output<typeof SetUserDisabledRules>;

@InputType({ description: "A new password for the actor's own account" })
export class ChangeMyPasswordInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, { description: 'INVALID_CREDENTIALS when wrong; TOO_MANY_ATTEMPTS as at login' })
  currentPassword!: string;

  @Field(() => String, { description: '12 to 256 characters' })
  newPassword!: string;
}

export const ChangeMyPasswordRules = z.object({
  idempotencyKey: IdempotencyKey,
  currentPassword: z.string().max(256),
  newPassword: NewPassword,
});
export type ChangeMyPassword = z.output<typeof ChangeMyPasswordRules>;
