import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';

/**
 * Hands every error of a handler, a guard or a pipe on to the transport as it was thrown: there it becomes a reply, a
 * retry or a log line. Nest's own filter would make `Internal server error` of each.
 */
@Catch()
export class MessageErrorFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
