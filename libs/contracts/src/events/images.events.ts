import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';

const State = z.string().regex(/^[A-Z][A-Z_]{0,62}$/);

/** Its states are open: a new one changes no contract. */
export const imageStateChanged = defineEvent({
  name: 'image.state-changed',
  version: 1,
  description:
    'An image was asked for, can be used, could not be imported or removed, is being removed, or is gone. Of images that are imported through the API alone; of one for all departments it is told without a department.',
  producer: 'vms',
  data: z.object({
    imageId: Uuid,
    name: z.string().max(120),
    from: State.nullable().describe('null: it is new'),
    to: State.describe('IMPORTING, READY, FAILED, DELETING, DELETED; more may come'),
    errorCode: z.string().max(64).nullable().describe('Why it FAILED'),
  }),
  example: {
    imageId: '0196f5a0-0000-7000-8000-0000000000e1',
    name: 'Debian 12',
    from: 'IMPORTING',
    to: 'READY',
    errorCode: null,
  },
});
