import type { DocumentLimits } from './check-document.js';

/** Entities that one `_entities` call may ask for, after equal ones are taken together. */
export const MAX_REPRESENTATIONS = 3_000;
export const SUBGRAPH_TOKENS = 20_000;

/**
 * What a subgraph executes at most, whoever asks. Wider than the gateway's own limits, for the query planner adds keys,
 * type names and aliases to what the client asked for.
 */
export const SUBGRAPH_LIMITS: DocumentLimits = {
  depth: 16,
  aliases: 200,
  rootFields: 40,
  directives: 200,
  fields: 5_000,
  cost: 60_000,
};
