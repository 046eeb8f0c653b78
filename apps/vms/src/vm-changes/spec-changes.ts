import { DomainError, MacAddress, type Actor, type EventEnvelope } from '@infinibay/contracts';
import {
  actionOf,
  adopted,
  adoptedLinks,
  checkedSpec,
  hardwareOver,
  isOfLink,
  requireChangeable,
  resized,
  withLinks,
  type OperationKind,
  type Parameters,
  type VmSpec,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { updatedEvent } from '../vms/vm-facts.js';
import { hardwareOf } from '../vms/vm-hardware.js';
import { VmMetadataRepository } from '../vms/vm-metadata.repository.js';
import { VmRevisionRepository } from '../vms/vm-revision.repository.js';
import { NONE_APPLIED, driftIn, linksOf, sizesOf, stillApplied } from '../vms/vm-spec.js';
import { VmRepository } from '../vms/vm.repository.js';
import type { Said } from './action-inputs.js';
import { NamedPorts } from './named-ports.js';
import { ResizeVm, RestoreVmRevision, SetVmAutostart, SetVmHardware, SetVmPortLink } from './vm-spec.inputs.js';
import type { CreateVm } from './vm.inputs.js';
import { VmAdmission } from './vm.admission.js';
import type { Placement } from './vm.placement.js';

/** What is said of a port, with what networks knows the card by; none: the VM has no such port. */
const SaidOfPort = SetVmPortLink.omit({ idempotencyKey: true }).extend({ macs: MacAddress.array() });

/** What no host is asked for now: hosts know nothing of it, or hear of it with the next start. */
const OF_NO_HOST: ReadonlySet<OperationKind> = new Set<OperationKind>(['SET_VM_AUTOSTART', 'SET_VM_HARDWARE']);

/** What is asked of a spec, and by whom. */
interface AskedOfSpec {
  readonly kind: OperationKind;
  readonly actor: Actor;
  readonly parameters: Parameters;
  /** Checked, and prepared. */
  readonly input: unknown;
}

/** Declares what a VM shall be, beside its power, where there is room for it. */
@Injectable()
export class SpecChanges {
  constructor(
    private readonly vms: VmRepository,
    private readonly revisions: VmRevisionRepository,
    private readonly metadata: VmMetadataRepository,
    private readonly admission: VmAdmission,
    private readonly ports: NamedPorts,
  ) {}

  /** Where a new VM goes and how large it is. @throws DomainError what VmAdmission throws */
  place(tx: Transaction, input: CreateVm): Promise<Placement> {
    return this.admission.admit(tx, input);
  }

  /** The same for one that is as another is, and goes where that is. @throws DomainError what VmAdmission throws */
  placeBeside(tx: Transaction, source: VmRow): Promise<Placement> {
    return this.admission.admitBeside(tx, source);
  }

  /** What a new VM was made as, and why it is where it is. */
  async declareFirst(tx: Transaction, vm: VmRow, place: Placement): Promise<void> {
    await this.admission.keep(tx, vm.id, place);
    await this.revisions.addFirst(tx, vm);
  }

  /**
   * What was said, with what others have to be asked about it, which no VM is locked for.
   * @throws DomainError SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED
   */
  prepare(kind: OperationKind, said: Said): Promise<Said> {
    return this.ports.prepare(kind, said);
  }

  /**
   * Writes the revision that an action asks for, unless the spec says so already, and has its host compared with it.
   * What the VM was promised stays its own until it has been seen that its guest does not need it.
   * @param vm locked
   * @throws DomainError INVALID_INPUT, REVISION_NOT_FOUND, PORT_NOT_FOUND, FIRMWARE_CHANGE_UNCONFIRMED, and what VmAdmission throws
   */
  async accept(
    tx: Transaction,
    vm: VmRow,
    { kind, actor, parameters, input: said }: AskedOfSpec,
  ): Promise<EventEnvelope[]> {
    const spec = await this.specAfter(tx, vm, kind, said);
    requireChangeable(hardwareOf(vm), spec.hardware, parameters.acceptUnbootable === true);
    await this.admission.requireHardware(tx, vm, spec);
    const isOfHost = !OF_NO_HOST.has(kind);
    const isOfSizes = isOfHost && actionOf(kind).ofPort !== true;
    const columns = isOfSizes ? await this.sizedColumns(tx, vm, spec) : isOfHost ? {} : stillApplied(vm);
    const changed = await this.revisions.declare(tx, vm, spec, { actorId: actor.userId, operation: kind }, columns);
    // What somebody made of that before is overruled, or declared: the next start does not keep it.
    const standing = isOfSizes ? [] : driftIn(vm).filter((one) => !isOfLink(one));
    const overruled = { appliedRevision: NONE_APPLIED, drift: standing.map((one) => ({ ...one })) };
    if (isOfHost) await this.vms.update(tx, vm.id, overruled);
    if (changed.length === 0) return [];
    const { name, deletionProtected } = vm;
    const facts = { name, deletionProtected, ...(await this.metadata.find(tx, vm.id)) };
    return [updatedEvent(vm, ['spec'], facts)];
  }

  /** @throws DomainError what VmAdmission throws */
  private async sizedColumns(tx: Transaction, vm: VmRow, spec: VmSpec): Promise<{ readonly reservedMib: number }> {
    await this.admission.requireRoom(tx, vm, spec);
    const promised = Math.max(vm.memoryMib + vm.reservedMib, spec.maxMemoryMib);
    return { reservedMib: promised - spec.memoryMib };
  }

  private async specAfter(tx: Transaction, vm: VmRow, kind: OperationKind, said: unknown): Promise<VmSpec> {
    const spec = await this.revisions.current(tx, vm);
    if (kind === 'RESIZE_VM') {
      const { cpuPinning, numaNodes, ...sizes } = ResizeVm.omit({ idempotencyKey: true }).parse(said);
      return resized({ ...spec, hardware: hardwareOver(spec.hardware, { cpuPinning, numaNodes }) }, sizes);
    }
    if (kind === 'ACCEPT_VM_DRIFT') {
      const drift = driftIn(vm);
      return checkedSpec({ ...spec, ...adopted(sizesOf(vm), drift), links: adoptedLinks(linksOf(vm), drift) });
    }
    if (actionOf(kind).ofPort === true) {
      const { macs, linkState } = SaidOfPort.parse(said);
      if (macs.length === 0) throw new DomainError('PORT_NOT_FOUND');
      return withLinks(spec, macs, linkState);
    }
    if (kind === 'SET_VM_AUTOSTART') {
      const { autostart } = SetVmAutostart.omit({ idempotencyKey: true }).parse(said);
      return checkedSpec({ ...spec, autostart });
    }
    if (kind === 'SET_VM_HARDWARE') {
      const { hardware } = SetVmHardware.omit({ idempotencyKey: true }).parse(said);
      return checkedSpec({ ...spec, hardware: hardwareOver(spec.hardware, hardware) });
    }
    if (kind !== 'RESTORE_VM_REVISION') return spec;
    const { revision } = RestoreVmRevision.omit({ idempotencyKey: true }).parse(said);
    const stored = await this.revisions.find(vm, revision, tx);
    if (stored === null) throw new DomainError('REVISION_NOT_FOUND', { revision, newest: vm.revision });
    return checkedSpec(stored.spec);
  }
}
