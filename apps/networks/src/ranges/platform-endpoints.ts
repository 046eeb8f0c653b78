import { lookup } from 'node:dns/promises';
import { parseIpv4 } from '@infinibay/networks-domain';
import { Inject, Injectable } from '@nestjs/common';
import { NETWORK_SETTINGS, type NetworkSettings } from '../network.settings.js';

/** Addresses of PostgreSQL and NATS as this service reaches them: a network that covered one would cut it off. */
@Injectable()
export class PlatformEndpoints {
  private known: readonly string[] = [];

  constructor(@Inject(NETWORK_SETTINGS) private readonly settings: NetworkSettings) {}

  /** @returns single addresses as /32; the last that were found while names can't be resolved */
  async ranges(): Promise<readonly string[]> {
    const urls = [...this.settings.NATS_URL.split(','), this.settings.DATABASE_URL];
    const found = await Promise.allSettled(urls.flatMap(hostnameOf).map(addressesOf));
    const addresses = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (found.every((one) => one.status === 'fulfilled')) this.known = addresses;
    return [...new Set([...addresses, ...this.known])].map((address) => `${address}/32`);
  }
}

const hostnameOf = (url: string): string[] => {
  const parsed = URL.parse(url.includes('://') ? url.trim() : `nats://${url.trim()}`);
  return parsed === null || parsed.hostname === '' ? [] : [parsed.hostname];
};

const addressesOf = async (host: string): Promise<string[]> =>
  parseIpv4(host) === null ? (await lookup(host, { family: 4, all: true })).map(({ address }) => address) : [host];
