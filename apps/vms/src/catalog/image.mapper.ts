import type { Image as ImageRow } from '../generated/prisma/client.js';
import type { Image, ImageFormat } from './image.model.js';
import { bytesToGib } from './sizes.js';

export const toImage = (row: ImageRow): Image => ({
  id: row.id,
  name: row.name,
  version: row.version,
  osFamily: row.osFamily,
  sha256: row.sha256,
  state: row.state,
  sizeGib: bytesToGib(row.virtualSizeBytes),
  fileGib: row.sizeBytes === null ? null : bytesToGib(row.sizeBytes),
  format: formatOf(row.format),
  minMemoryMib: row.minMemoryMib,
  isImported: row.importedById !== null,
  errorCode: row.errorCode,
  errorMessage: row.errorMessage,
  createdAt: row.createdAt,
  departmentId: row.departmentId,
  importedById: row.importedById,
});

const formatOf = (format: string): ImageFormat => {
  if (format === 'iso') return 'ISO';
  return format === 'raw' ? 'RAW' : 'QCOW2';
};
