import { DomainError } from '@infinibay/contracts';
import type { DocumentNode } from 'graphql';
import { FragmentCycleError, measureDocument, type DocumentSize, type Variables } from './document-size.js';
import type { ListBounds } from './list-bounds.js';

/** What a document may have at most. */
export type DocumentLimits = DocumentSize;

/**
 * @returns the document's size
 * @throws DomainError QUERY_TOO_COMPLEX {limit, maximum}
 */
export const checkDocument = (
  document: DocumentNode,
  variables: Variables,
  bounds: ListBounds,
  limits: DocumentLimits,
): DocumentSize => {
  const size = measure(document, variables, bounds);
  for (const limit of ['depth', 'aliases', 'rootFields', 'directives', 'fields', 'cost'] as const) {
    if (size[limit] > limits[limit]) throw new DomainError('QUERY_TOO_COMPLEX', { limit, maximum: limits[limit] });
  }
  return size;
};

const measure = (document: DocumentNode, variables: Variables, bounds: ListBounds): DocumentSize => {
  try {
    return measureDocument(document, variables, bounds);
  } catch (error) {
    if (error instanceof FragmentCycleError)
      throw new DomainError('QUERY_TOO_COMPLEX', { limit: 'fragments' }, { cause: error });
    throw error;
  }
};
