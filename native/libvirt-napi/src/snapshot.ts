import type { RevertFlags, SnapshotDeleteFlags, SnapshotFlags, SnapshotRecord } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';

/** A snapshot with those made on top of it. */
export interface SnapshotNode extends SnapshotRecord {
  readonly children: readonly SnapshotNode[];
}

/** One snapshot of a domain, by name. Rejects with `NO_DOMAIN_SNAPSHOT` when it is gone. */
export class Snapshot {
  readonly name: string;
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string, name: string) {
    this.#calls = calls;
    this.#domain = domain;
    this.name = name;
  }

  /** What libvirt says of it now (`virDomainSnapshotLookupByName`). */
  record(options?: CallOptions): Promise<SnapshotRecord> {
    return this.#calls.run(options, (native, t, k) => native.findSnapshot(this.#domain, this.name, t, k));
  }

  /** Whether libvirt keeps a record of it (`virDomainSnapshotHasMetadata`). */
  async hasMetadata(options?: CallOptions): Promise<boolean> {
    return (await this.record(options)).hasMetadata;
  }

  /** Takes the domain back to it (`virDomainRevertToSnapshot`); `SNAPSHOT_REVERT_RISKY` wants `force`. */
  async revert(options: RevertFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.revertToSnapshot(this.#domain, this.name, options, t, k));
  }

  /** Deletes it (`virDomainSnapshotDelete`); children move to its parent unless they go too. */
  async delete(options: SnapshotDeleteFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deleteSnapshot(this.#domain, this.name, options, t, k));
  }

  /** The snapshot as XML (`virDomainSnapshotGetXMLDesc`); `secure` with passwords. */
  xmlDesc(options: { readonly secure?: boolean } & CallOptions = {}): Promise<string> {
    const secure = options.secure ?? false;
    return this.#calls.run(options, (native, t, k) => native.snapshotXml(this.#domain, this.name, secure, t, k));
  }
}

/** A domain's snapshots. */
export class Snapshots {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** A handle for a name, without asking whether there is such a snapshot. */
  handle(name: string): Snapshot {
    return new Snapshot(this.#calls, this.#domain, name);
  }

  /**
   * Makes a snapshot from `<domainsnapshot>` XML (`virDomainSnapshotCreateXML`). Of a running domain it holds memory
   * too, unless `diskOnly`. `quiesce` needs the guest agent.
   */
  async create(xml: string, options: SnapshotFlags & CallOptions = {}): Promise<Snapshot> {
    const name = await this.#calls.run(options, (native, t, k) =>
      native.createSnapshot(this.#domain, xml, options, t, k),
    );
    return this.handle(name);
  }

  /** All snapshots, parents before children (`virDomainListAllSnapshots`). */
  list(options?: CallOptions): Promise<SnapshotRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listSnapshots(this.#domain, t, k));
  }

  /** The same as a tree: the roots, each with its children (`virDomainListAllSnapshots`). */
  async tree(options?: CallOptions): Promise<SnapshotNode[]> {
    return snapshotTree(await this.list(options));
  }

  /** The one that the domain stands on, null when there is none (`virDomainSnapshotCurrent`). */
  async current(options?: CallOptions): Promise<Snapshot | null> {
    const name = await this.#calls.run(options, (native, t, k) => native.currentSnapshot(this.#domain, t, k));
    return name === null ? null : this.handle(name);
  }
}

/** Records as a tree. One whose parent isn't among them is a root. */
export function snapshotTree(records: readonly SnapshotRecord[]): SnapshotNode[] {
  const nodes = new Map(records.map((record) => [record.name, { ...record, children: [] as SnapshotNode[] }]));
  const roots: SnapshotNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.parent === null ? undefined : nodes.get(node.parent);
    if (parent === undefined) roots.push(node);
    else parent.children.push(node);
  }
  return roots;
}
