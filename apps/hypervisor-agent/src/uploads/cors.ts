import type { IncomingHttpHeaders } from 'node:http';

export const UPLOAD_METHODS = 'HEAD, PATCH, DELETE, OPTIONS';
const ASKED = 'Authorization, Content-Type, Tus-Resumable, Upload-Offset, Upload-Length, X-Request-ID';
const TOLD = 'Tus-Resumable, Tus-Version, Tus-Extension, Upload-Offset, Upload-Length';
const KEPT_SECONDS = '600';

/**
 * Lets pages of these origins upload, and no others. A ticket is no cookie, so no credentials are let through.
 * @param origins such as https://app.example.org
 */
export const corsHeaders = (
  { origin, 'access-control-request-method': preflight }: IncomingHttpHeaders,
  origins: readonly string[],
): Readonly<Record<string, string>> => {
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' };
  const told = { 'access-control-allow-origin': origin, 'access-control-expose-headers': TOLD, vary: 'Origin' };
  if (preflight === undefined) return told;
  return {
    ...told,
    'access-control-allow-methods': UPLOAD_METHODS,
    'access-control-allow-headers': ASKED,
    'access-control-max-age': KEPT_SECONDS,
  };
};
