import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DomainError, type FilterSpec } from '@infinibay/contracts';
import {
  BASE_FILTER_NAMES,
  baseFilterXmls,
  filterFacts,
  filterMarker,
  filterXml,
  readFilterRules,
  revisionOfMarker,
  vmFilterName,
  type FilterFacts,
} from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { OncePerConnection } from '../hypervisor/once-per-connection.js';
import { despiteRaces } from '../hypervisor/rule-races.js';
import { Deadline } from '../work/deadline.js';

const LONGEST_CALL_MS = 30_000;

/** A filter of ours as libvirt has it: its marker tells which definition it is. */
export type FilterDefinition = FilterFacts & { readonly marker: string };

/** Packet filters as they are defined in libvirt, which is no proof that the kernel has them. */
@Injectable()
export class NwFilterRepository {
  private readonly baseFilters: OncePerConnection<void>;

  constructor(private readonly hypervisor: Hypervisor) {
    this.baseFilters = new OncePerConnection(hypervisor, () => this.defineBaseFilters());
  }

  /** undefined: there is none, or it is not of ours. */
  async find(name: string): Promise<FilterDefinition | undefined> {
    const filter = await this.lookUp(name);
    if (filter === undefined) return undefined;
    const xml = await this.hypervisor.find('read-filter', 'NO_NWFILTER', () => filter.xmlDesc());
    const facts = xml === undefined ? undefined : filterFacts(xml);
    return facts?.marker === undefined ? undefined : { ...facts, marker: facts.marker };
  }

  /**
   * Defines the filter under a new marker, which makes libvirt apply it to running guests at once.
   * @throws DomainError HYPERVISOR_ERROR when libvirt reads back another filter
   */
  async define(spec: FilterSpec, deadline: Deadline): Promise<FilterDefinition> {
    await this.baseFilters.get();
    const marker = filterMarker(spec.revision, randomBytes(4).toString('hex'));
    const uuid = (await this.lookUp(vmFilterName(spec.vmId)))?.uuid;
    const xml = filterXml(spec, { marker, uuid });
    const filter = await despiteRaces(deadline, () =>
      this.hypervisor.use('define-filter', ({ nwFilters }) => nwFilters.defineXml(xml, within(deadline))),
    );
    const written = filterFacts(await this.hypervisor.use('read-filter', () => filter.xmlDesc()));
    if (written.marker !== marker || !isDefinitionOf(spec, { ...written, marker }))
      throw new DomainError('HYPERVISOR_ERROR', {
        vmId: spec.vmId,
        reason: 'libvirt reads back another filter than it was given',
      });
    return { ...written, marker };
  }

  /**
   * @returns whether there was one
   * @throws DomainError VM_BUSY while a domain uses it
   */
  async remove(vmId: string, deadline: Deadline): Promise<boolean> {
    const filter = await this.lookUp(vmFilterName(vmId));
    if (filter === undefined) return false;
    await this.hypervisor
      .find('undefine-filter', 'NO_NWFILTER', () => filter.undefine(within(deadline)))
      .catch((error: unknown) => {
        if (libvirtCodeOf(error) === 'OPERATION_INVALID') throw new DomainError('VM_BUSY', { vmId }, { cause: error });
        throw error;
      });
    return true;
  }

  /** Those that every filter refers to; libvirt ignores a definition that changes nothing. */
  async defineBaseFilters(): Promise<void> {
    for (const { xml } of baseFilterXmls())
      await despiteRaces(Deadline.after(LONGEST_CALL_MS), () =>
        this.hypervisor.use('define-filter', ({ nwFilters }) => nwFilters.defineXml(xml)),
      );
  }

  private lookUp(name: string) {
    return this.hypervisor.find('find-filter', 'NO_NWFILTER', ({ nwFilters }) => nwFilters.lookupByName(name));
  }
}

/** Whether libvirt has exactly these rules, of this revision. */
export const isDefinitionOf = (spec: FilterSpec, definition: FilterDefinition): boolean =>
  revisionOfMarker(definition.marker) === spec.revision &&
  definition.ruleCount === definition.rules.length &&
  definition.references.join() === BASE_FILTER_NAMES.join() &&
  isDeepStrictEqual(definition.rules, readFilterRules(filterXml(spec, { marker: definition.marker })));

const within = (deadline: Deadline): { readonly timeoutMs: number } => ({
  timeoutMs: deadline.timeoutMs(LONGEST_CALL_MS),
});
