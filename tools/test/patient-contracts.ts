import { REQUEST_CONTRACTS } from '@infinibay/contracts';

/** Contracts by which a person waits for the answer have limits of a few seconds. */
const SHORT_MS = 5_000;
const PATIENT_MS = 15_000;

/**
 * In an integration spec who asks, who answers and the spec itself share one thread. When that is busy for two seconds, an
 * answer that is there is read after the limit has passed: what is then refused says nothing of either. Specs of limits
 * name their own.
 */
for (const contract of REQUEST_CONTRACTS)
  if (contract.timeoutMs <= SHORT_MS) Object.assign(contract, { timeoutMs: PATIENT_MS });
