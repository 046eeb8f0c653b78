import { imageStateChanged, type EventEnvelope } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import type { Image } from '../generated/prisma/client.js';

/** @param image as it is now @param from what it was; null: it is new */
export const stateEvent = (
  { id, departmentId, name, state, errorCode }: Image,
  from: Image['state'] | null,
): EventEnvelope =>
  newEvent(imageStateChanged, {
    departmentId,
    resource: { kind: 'image', id },
    data: { imageId: id, name, from, to: state, errorCode },
  });
