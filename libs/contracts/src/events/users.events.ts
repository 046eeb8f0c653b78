import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';

const EXAMPLE_DEPARTMENT = '0196f5a0-0000-7000-8000-0000000000d1';
const EXAMPLE_USER = '0196f5a0-0000-7000-8000-0000000000a1';

export const departmentCreated = defineEvent({
  name: 'department.created',
  version: 1,
  description: 'A department exists from now on.',
  producer: 'users',
  data: z.object({ departmentId: Uuid, name: z.string() }),
  example: { departmentId: EXAMPLE_DEPARTMENT, name: 'Research' },
});

export const userCreated = defineEvent({
  name: 'user.created',
  version: 1,
  description: 'A user exists from now on.',
  producer: 'users',
  data: z.object({ userId: Uuid, role: z.enum(['ADMIN', 'USER']) }),
  example: { userId: EXAMPLE_USER, role: 'USER' },
});

export const userAccessChanged = defineEvent({
  name: 'user.access-changed',
  version: 1,
  description: "A user's role, status or memberships changed; open sessions must be looked at again.",
  producer: 'users',
  data: z.object({ userId: Uuid, disabled: z.boolean() }),
  example: { userId: EXAMPLE_USER, disabled: true },
});

export const membershipGranted = defineEvent({
  name: 'membership.granted',
  version: 1,
  description: 'A user became a member of a department.',
  producer: 'users',
  data: z.object({ departmentId: Uuid, userId: Uuid }),
  example: { departmentId: EXAMPLE_DEPARTMENT, userId: EXAMPLE_USER },
});

export const membershipRevoked = defineEvent({
  name: 'membership.revoked',
  version: 1,
  description: 'A user is no longer a member of a department.',
  producer: 'users',
  data: z.object({ departmentId: Uuid, userId: Uuid }),
  example: { departmentId: EXAMPLE_DEPARTMENT, userId: EXAMPLE_USER },
});
