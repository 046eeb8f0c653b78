import { z } from 'zod';

const GIB = 1_073_741_824;

/** What a VM may be in size, of itself and by a template. */
export const vcpus = z.int().min(1).max(512);
export const memoryMib = z.int().min(64).max(16_777_216);
export const diskGib = z.number().positive().max(65_536);

/** Whole MiB, so that every tool agrees on the size. */
export const bytesOfGib = (gib: number): number => Math.ceil((gib * GIB) / 1_048_576) * 1_048_576;
export const bytesToGib = (bytes: bigint): number => Number(bytes) / GIB;
