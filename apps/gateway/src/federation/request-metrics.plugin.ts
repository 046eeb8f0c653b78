import type { ApolloServerPlugin } from '@apollo/server';
import type { MetricsRegistry } from '@infinibay/platform-metrics';

/** Durations by kind of operation and outcome: labels that clients cannot invent. */
export const requestMetricsPlugin = (metrics: MetricsRegistry): ApolloServerPlugin => {
  const durations = metrics.histogram('infinibay_graphql_request_seconds', 'GraphQL requests answered', [
    'operation',
    'outcome',
  ]);
  return {
    requestDidStart: () => {
      const stop = durations.startTimer();
      return Promise.resolve({
        willSendResponse: ({ operation, response }) => {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          const code = errors?.[0]?.extensions?.['code'];
          stop({
            operation: operation?.operation ?? 'none',
            outcome: errors === undefined || errors.length === 0 ? 'ok' : typeof code === 'string' ? code : 'INTERNAL',
          });
          return Promise.resolve();
        },
      });
    },
  };
};
