import {
  eventFilter,
  metricsSubject,
  reportSubject,
  requestSubject,
  type AnyContract,
  type ServiceName,
} from '@infinibay/contracts';

/** Where a message goes on NATS, with its variable parts in braces. */
export interface Address {
  readonly subject: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const DEPARTMENT = { departmentId: 'Id of the department, or `global` for facts that belong to none' };
const HOST = { hostId: 'Id of the host' };

const hostOf = (service: ServiceName): typeof HOST | Record<string, never> =>
  service === 'hypervisor-agent' ? HOST : {};

/** A subject builder called with wildcards, its wildcards then named in order. */
const named = (subject: string, parameters: Readonly<Record<string, string>>): Address => {
  const names = Object.keys(parameters);
  return { subject: subject.replaceAll('*', () => `{${names.shift() ?? '?'}}`), parameters };
};

/** The subject of a contract, made by the same functions that the services use. */
export const addressOf = (contract: AnyContract): Address => {
  if (contract.type === 'report') {
    return contract.name === 'guest.sampled'
      ? named(metricsSubject('*', '*'), { ...DEPARTMENT, vmId: 'Id of the VM' })
      : named(reportSubject(contract, '*'), hostOf(contract.producer));
  }
  if (contract.type !== 'event') return named(requestSubject(contract, '*'), hostOf(contract.owner));
  return named(eventFilter(contract), { ...DEPARTMENT, resourceId: 'Id of the resource that the event is about' });
};
