import { z } from 'zod';

/** VIEW: to see the screen; CONTROL: to type and point as well. */
export const ConsoleAccess = z.enum(['VIEW', 'CONTROL']);
export type ConsoleAccess = z.infer<typeof ConsoleAccess>;

/** Longer than any ticket of ours: not worth a look. */
export const MAX_CONSOLE_TICKET_LENGTH = 2_048;
