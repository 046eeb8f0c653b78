import type { User } from './user.model.js';
import type { UserRow } from './user.repository.js';

export const toUser = ({ disabledAt, ...row }: UserRow): User => ({ ...row, disabled: disabledAt !== null });
