import { testVariable } from './test-environment.js';

export interface TestNats {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** The NATS server of this test run, with JetStream; its user may use every subject. Other test files use it too, one after the other. */
export const testNats = (): TestNats => ({
  url: testVariable('INFINIBAY_TEST_NATS_URL'),
  user: testVariable('INFINIBAY_TEST_NATS_USER'),
  password: testVariable('INFINIBAY_TEST_NATS_PASSWORD'),
});
