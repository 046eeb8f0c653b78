/** Numbers of the qcow2 format: docs/interop/qcow2.txt of QEMU. */
export const QCOW2_MAGIC = 0x51_46_49_fb;
export const HEADER_BYTES = 104;
export const CLUSTER_BITS = 16;
export const CLUSTER_BYTES = 1 << CLUSTER_BITS;
export const REFCOUNT_ORDER = 4;

export const INCOMPATIBLE = { corrupt: 1n << 1n, dataFile: 1n << 2n } as const;

export const EXTENSION = {
  end: 0,
  backingFormat: 0xe2_79_2a_ca,
  /** Ours ("INFY"). QEMU keeps an extension that it does not know when it writes the header anew. */
  identity: 0x49_4e_46_59,
} as const;

/** Entries of the tables are 8 bytes; one second-level table fills a cluster. */
export const ENTRY_BYTES = 8;
