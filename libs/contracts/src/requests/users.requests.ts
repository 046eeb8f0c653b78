import { z } from 'zod';
import { defineQuery } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';

export const ActorRole = z.enum(['ADMIN', 'USER']);
export type ActorRole = z.infer<typeof ActorRole>;

/** The person behind a request, as the users service knows them now. */
export const Actor = z
  .object({
    userId: Uuid,
    sessionId: Uuid,
    role: ActorRole,
    departmentIds: z.array(Uuid).max(10_000).describe('Departments that the user is a member of'),
  })
  .meta({ id: 'Actor', description: 'The person behind a request' });
export type Actor = z.infer<typeof Actor>;

export const resolveSession = defineQuery({
  name: 'users.resolve-session',
  version: 1,
  description: 'Whether a session is still open, and what its user may do now. Answers may be cached for 2 s at most.',
  owner: 'users',
  callers: ['gateway', 'realtime', 'vms'],
  timeoutMs: 2_000,
  request: z.object({ userId: Uuid, sessionId: Uuid }),
  reply: z.object({ actor: Actor.nullable().describe('null: ended, disabled or unknown') }),
  example: {
    request: { userId: '0196f5a0-0000-7000-8000-0000000000a1', sessionId: '0196f5a0-0000-7000-8000-0000000000a2' },
    reply: {
      actor: {
        userId: '0196f5a0-0000-7000-8000-0000000000a1',
        sessionId: '0196f5a0-0000-7000-8000-0000000000a2',
        role: 'USER',
        departmentIds: ['0196f5a0-0000-7000-8000-0000000000d1'],
      },
    },
  },
});

export const getSigningKeys = defineQuery({
  name: 'users.get-signing-keys',
  version: 1,
  description: 'The public keys (JWKS, RFC 7517) that access tokens are signed with.',
  owner: 'users',
  callers: ['gateway', 'realtime'],
  timeoutMs: 2_000,
  request: z.object({}),
  reply: z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(8) }),
  example: {
    request: {},
    reply: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: '1', x: 'AA', alg: 'EdDSA', use: 'sig' }] },
  },
});

export const findDepartments = defineQuery({
  name: 'users.find-departments',
  version: 1,
  description: 'Which of the departments exist. Missing ones are left out.',
  owner: 'users',
  callers: ['vms', 'networks', 'firewall'],
  timeoutMs: 2_000,
  request: z.object({ departmentIds: z.array(Uuid).min(1).max(1_000) }),
  reply: z.object({ departments: z.array(z.object({ departmentId: Uuid, name: z.string() })) }),
  example: {
    request: { departmentIds: ['0196f5a0-0000-7000-8000-0000000000d1'] },
    reply: { departments: [{ departmentId: '0196f5a0-0000-7000-8000-0000000000d1', name: 'Research' }] },
  },
});

export const findMembers = defineQuery({
  name: 'users.find-members',
  version: 1,
  description:
    'Which of the users are members of a department and may sign in now. Others are left out: strangers, those who are disabled, and those that are not known.',
  owner: 'users',
  callers: ['vms'],
  timeoutMs: 2_000,
  request: z.object({ departmentId: Uuid, userIds: z.array(Uuid).min(1).max(1_000) }),
  reply: z.object({ userIds: z.array(Uuid) }),
  example: {
    request: {
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
      userIds: ['0196f5a0-0000-7000-8000-0000000000a1'],
    },
    reply: { userIds: ['0196f5a0-0000-7000-8000-0000000000a1'] },
  },
});
