'use strict';

const { types } = require('node:util');
const { TestEnvironment } = require('jest-environment-node');

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
};
