'use strict';

const { types } = require('node:util');
const { TestEnvironment } = require('jest-environment-node');

/** How many times longer than they say the time limits of tests and hooks are: see jest-step.ts. */
const STRETCH = Number(process.env.INFINIBAY_JEST_STRETCH ?? '6');

/** Each worker has servers of its own: specs use the same streams and consumer names. The sandbox copies process.env. */
const lanes = JSON.parse(process.env.INFINIBAY_JEST_LANES ?? '[]');
if (lanes.length > 0) Object.assign(process.env, lanes[(Number(process.env.JEST_WORKER_ID ?? '1') - 1) % lanes.length]);

/**
 * jest runs specs in a realm of their own, where the errors of Node's own modules (ENOENT and its kind) are not
 * `instanceof Error`. In production they are, and code that asks must get the same answer here.
 */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const SandboxError = this.global.Error;
    const ordinary = Function.prototype[Symbol.hasInstance];
    Object.defineProperty(SandboxError, Symbol.hasInstance, {
      // Subclasses inherit this: only the question for Error itself is answered for both realms.
      value(candidate) {
        return ordinary.call(this, candidate) || (this === SandboxError && types.isNativeError(candidate));
      },
    });
  }

  /** A limit that a spec names itself is for a quiet machine, as the default is; the default comes stretched. */
  handleTestEvent({ name, test, hook }) {
    const limited = name === 'test_start' ? test : name === 'hook_start' ? hook : undefined;
    if (limited?.timeout !== undefined && !limited.isStretched) {
      limited.timeout *= STRETCH;
      // A hook runs once for each test.
      limited.isStretched = true;
    }
  }
};
