import { findMembers, type ReplyInputOf, type RequestContract, type RequestOf } from '@infinibay/contracts';

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

/** Who is a member of which department, as the users service tells. */
export class SimulatedMembers {
  private readonly ofDepartments = new Map<string, Set<string>>();
  /** How often it was asked. */
  asked = 0;

  add(departmentId: string, userId: string): void {
    this.ofDepartments.set(departmentId, new Set([...(this.ofDepartments.get(departmentId) ?? []), userId]));
  }

  serve(on: Serve): void {
    on(findMembers, ({ departmentId, userIds }) => {
      this.asked += 1;
      const members = this.ofDepartments.get(departmentId) ?? new Set();
      return Promise.resolve({ userIds: userIds.filter((id) => members.has(id)) });
    });
  }
}
