/** What an attacker of any kind has to begin with; plain data, for it goes to another process. */
export interface AttackContext {
  readonly graphqlUrl: string;
  readonly realtimeUrl: string;
  readonly natsUrl: string;
  /** The password of the NATS user for other teams. */
  readonly consumerPassword: string;
  readonly agentSocketDir: string;
  /** An ordinary member of a department of its own. */
  readonly member: { readonly email: string; readonly password: string; readonly departmentId: string };
  /** A VM of the attacker's department that is switched off, so that its agent socket is free. */
  readonly ownVmId: string;
  /** Another department's running VM, and the account of its member. */
  readonly stranger: { readonly vmId: string; readonly email: string };
}
