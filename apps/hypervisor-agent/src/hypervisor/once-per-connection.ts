import type { Hypervisor } from './hypervisor.js';

/** Something made or learnt once per connection: made anew after a reconnect, and after a failure. */
export class OncePerConnection<T> {
  private made: { readonly generation: number; readonly value: Promise<T> } | undefined;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly make: () => Promise<T>,
  ) {}

  get(): Promise<T> {
    const { generation } = this.hypervisor;
    if (this.made?.generation === generation) return this.made.value;
    const value = this.make();
    this.made = { generation, value };
    value.catch(() => {
      if (this.made?.value === value) this.made = undefined;
    });
    return value;
  }
}
