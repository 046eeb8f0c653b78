import type { User } from './user.model.js';
import type { UserRow } from '../accounts/user.repository.js';

export const toUser = ({ disabledAt, ...row }: UserRow): User => ({ ...row, disabled: disabledAt !== null });
