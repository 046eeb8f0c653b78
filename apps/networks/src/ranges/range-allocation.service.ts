import { DomainError } from '@infinibay/contracts';
import {
  chooseSubnetUpTo,
  formatCidr,
  overlaps,
  parseCidr,
  parseNetworkCidr,
  sizeOf,
  type Cidr,
} from '@infinibay/networks-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { NetworkRepository } from '../networks/network.repository.js';
import { NETWORK_SETTINGS, type NetworkSettings } from '../network.settings.js';
import { PlatformEndpoints } from './platform-endpoints.js';
import { ReservedRangesRepository, type ReservedRange } from './reserved-ranges.repository.js';

/** Gives networks their ranges: within what a department may have, and apart from everything that is in use. */
@Injectable()
export class RangeAllocation {
  constructor(
    private readonly networks: NetworkRepository,
    private readonly reserved: ReservedRangesRepository,
    private readonly endpoints: PlatformEndpoints,
    @Inject(NETWORK_SETTINGS) private readonly settings: NetworkSettings,
  ) {}

  /** To be asked before the transaction: names may have to be resolved. */
  platformRanges(): Promise<readonly string[]> {
    return this.endpoints.ranges();
  }

  /**
   * The range of a new network. Choices of all instances are made one after another, until the transaction ends.
   * @param asked the range that was asked for; null: any
   * @param platform what platformRanges() answered
   * @throws DomainError QUOTA_EXCEEDED, NETWORK_RANGE_RESERVED, ADDRESS_RANGE_TAKEN
   */
  async allocate(
    tx: Transaction,
    departmentId: string,
    asked: string | null,
    platform: readonly string[],
  ): Promise<string> {
    await this.networks.lockRanges(tx);
    const left = await this.addressesLeft(tx, departmentId);
    return asked === null
      ? this.choose(tx, departmentId, left, platform)
      : this.requireFree(tx, departmentId, asked, left, platform);
  }

  private async addressesLeft(tx: Transaction, departmentId: string): Promise<number> {
    const { NETWORKS_PER_DEPARTMENT: most, NETWORK_ADDRESSES_PER_DEPARTMENT: mostAddresses } = this.settings;
    const used = await this.networks.usage(tx, departmentId);
    if (used.networks >= most)
      throw new DomainError('QUOTA_EXCEEDED', { quota: 'networks', limit: most, used: used.networks, departmentId });
    return mostAddresses - used.addresses;
  }

  private quotaExceeded(departmentId: string, asked: number, left: number): DomainError {
    const limit = this.settings.NETWORK_ADDRESSES_PER_DEPARTMENT;
    return new DomainError('QUOTA_EXCEEDED', {
      quota: 'addresses',
      limit,
      left: Math.max(0, left),
      asked,
      departmentId,
    });
  }

  private async requireFree(
    tx: Transaction,
    departmentId: string,
    cidr: string,
    left: number,
    platform: readonly string[],
  ): Promise<string> {
    const range = parseNetworkCidr(cidr);
    if (sizeOf(range) > left) throw this.quotaExceeded(departmentId, sizeOf(range), left);
    const [reserved] = await this.reservedWithin(tx, range, platform);
    if (reserved !== undefined)
      throw new DomainError('NETWORK_RANGE_RESERVED', { cidr, reserved: reserved.cidr, origin: reserved.origin });
    // Which network is in the way is not said: it may be another department's.
    if ((await this.networks.overlapping(tx, cidr)).length > 0) throw new DomainError('ADDRESS_RANGE_TAKEN', { cidr });
    return cidr;
  }

  private async choose(
    tx: Transaction,
    departmentId: string,
    left: number,
    platform: readonly string[],
  ): Promise<string> {
    const { NETWORK_POOL_CIDR: poolText, NETWORK_POOL_PREFIX: prefixLength } = this.settings;
    const pool = parseNetworkCidr(poolText);
    const reserved = (await this.reservedWithin(tx, pool, platform)).flatMap(({ cidr }) => parseCidr(cidr) ?? []);
    const taken = [...(await this.networks.overlapping(tx, poolText)), ...reserved];
    const chosen = chooseSubnetUpTo(pool, prefixLength, taken, left);
    if (chosen !== null) return formatCidr(chosen);
    if (chooseSubnetUpTo(pool, prefixLength, taken, Number.MAX_SAFE_INTEGER) !== null)
      throw this.quotaExceeded(departmentId, 2 ** (32 - prefixLength), left);
    throw new DomainError('ADDRESS_RANGE_TAKEN', {
      pool: poolText,
      prefixLength,
      reason: 'the pool has no free range',
    });
  }

  private async reservedWithin(tx: Transaction, range: Cidr, platform: readonly string[]): Promise<ReservedRange[]> {
    const own = [
      ...this.settings.RESERVED_RANGES.map((cidr) => ({ cidr, origin: 'PLATFORM' })),
      ...platform.map((cidr) => ({ cidr, origin: 'SERVICE' })),
    ].filter(({ cidr }) => {
      const other = parseCidr(cidr);
      return other !== null && overlaps(range, other);
    });
    return [...own, ...(await this.reserved.overlapping(tx, formatCidr(range)))];
  }
}
