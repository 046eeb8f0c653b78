import type { Request } from 'express';
import { MAX_BODY_BYTES } from '../limits/limits.js';

/** What a request costs besides its body and its query: token, plan. */
const REQUEST_POINTS = 25;
/** Reading and checking of a body takes time in proportion to its size. */
const BYTES_PER_POINT = 256;

/** What a request costs its caller before its query is counted. */
export const requestPoints = (request: Pick<Request, 'headers'>): number =>
  REQUEST_POINTS + Math.floor(bodyBytes(request) / BYTES_PER_POINT);

/** A body of which nobody says how long it is counts as the largest; one that is too large is not read. */
const bodyBytes = ({ headers }: Pick<Request, 'headers'>): number => {
  const declared = headers['content-length'];
  if (declared === undefined) return headers['transfer-encoding'] === undefined ? 0 : MAX_BODY_BYTES;
  const length = Number(declared);
  return length <= MAX_BODY_BYTES ? length : 0;
};
