import {
  DisplayText,
  FirewallAction,
  FirewallDirection,
  FirewallProtocol,
  IdempotencyKey,
  Uuid,
} from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import './rule.model.js';

type Direction = z.infer<typeof FirewallDirection>;
type Action = z.infer<typeof FirewallAction>;
type Protocol = z.infer<typeof FirewallProtocol>;

const REMOTE_DESCRIPTION = 'IPv4 address or range of the other end; null for anybody';
const PRIORITY_DESCRIPTION = 'Lower is matched first, -900 to 900';

@InputType({ description: 'A new firewall rule' })
export class CreateFirewallRuleInput {
  @Field(() => ID, { description: 'The department that gets it' })
  departmentId!: string;

  @Field(() => ID, { nullable: true, description: 'One VM of the department; every VM when left out' })
  vmId?: string | null;

  @Field(() => FirewallDirection.enum, { description: 'Who begins the connection: IN the other end, OUT the VM' })
  direction!: Direction;

  @Field(() => FirewallAction.enum, { description: 'What happens to the connection' })
  action!: Action;

  @Field(() => FirewallProtocol.enum, { description: 'Protocol that it matches' })
  protocol!: Protocol;

  @Field(() => Int, { nullable: true, description: 'First port, 1 to 65535; only with TCP and UDP' })
  portFrom?: number | null;

  @Field(() => Int, { nullable: true, description: 'Last port, included; portFrom alone is a single port' })
  portTo?: number | null;

  @Field(() => String, { nullable: true, description: REMOTE_DESCRIPTION })
  remoteCidr?: string | null;

  @Field(() => Int, { defaultValue: 0, description: PRIORITY_DESCRIPTION })
  priority!: number;

  @Field(() => String, { defaultValue: '', description: 'What it is for; at most 500 visible characters' })
  description!: string;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether it is in force at once' })
  enabled!: boolean;

  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Changes of a firewall rule; what is left out stays' })
export class UpdateFirewallRuleInput {
  @Field(() => ID, { description: 'The rule' })
  ruleId!: string;

  @Field(() => FirewallDirection.enum, { nullable: true, description: 'Who begins the connection' })
  direction?: Direction | null;

  @Field(() => FirewallAction.enum, { nullable: true, description: 'What happens to the connection' })
  action?: Action | null;

  @Field(() => FirewallProtocol.enum, { nullable: true, description: 'Protocol that it matches' })
  protocol?: Protocol | null;

  @Field(() => Int, { nullable: true, description: 'First port; without portTo a single port. null: every port' })
  portFrom?: number | null;

  @Field(() => Int, { nullable: true, description: 'Last port, included' })
  portTo?: number | null;

  @Field(() => String, { nullable: true, description: REMOTE_DESCRIPTION })
  remoteCidr?: string | null;

  @Field(() => Int, { nullable: true, description: PRIORITY_DESCRIPTION })
  priority?: number | null;

  @Field(() => String, { nullable: true, description: 'What it is for' })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is in force' })
  enabled?: boolean | null;

  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;
}

@InputType({ description: 'The firewall rule to delete' })
export class DeleteFirewallRuleInput {
  @Field(() => ID, { description: 'The rule' })
  ruleId!: string;

  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;
}

/** Whether ports and addresses are possible is for the domain to say, with codes of their own. */
const PortText = z.number().nullish();
const RemoteText = z.string().max(64).nullish();

export const CreateFirewallRuleSchema = z.object({
  departmentId: Uuid,
  vmId: Uuid.nullish(),
  direction: FirewallDirection,
  action: FirewallAction,
  protocol: FirewallProtocol,
  portFrom: PortText,
  portTo: PortText,
  remoteCidr: RemoteText,
  priority: z.int(),
  description: DisplayText,
  enabled: z.boolean(),
  idempotencyKey: IdempotencyKey,
});
export type CreateFirewallRule = z.infer<typeof CreateFirewallRuleSchema>;

export const UpdateFirewallRuleSchema = z.object({
  ruleId: Uuid,
  direction: FirewallDirection.nullish(),
  action: FirewallAction.nullish(),
  protocol: FirewallProtocol.nullish(),
  portFrom: PortText,
  portTo: PortText,
  remoteCidr: RemoteText,
  priority: z.int().nullish(),
  description: DisplayText.nullish(),
  enabled: z.boolean().nullish(),
  idempotencyKey: IdempotencyKey,
});
export type UpdateFirewallRule = z.infer<typeof UpdateFirewallRuleSchema>;

export const DeleteFirewallRuleSchema = z.object({ ruleId: Uuid, idempotencyKey: IdempotencyKey });
export type DeleteFirewallRule = z.infer<typeof DeleteFirewallRuleSchema>;
