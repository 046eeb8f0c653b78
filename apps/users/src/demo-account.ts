/**
 * Whom the demo of `npm start` logs in as. It is an administrator, but nobody: each start replaces its password, which
 * nobody is told. So it never counts where the question is whether an administrator exists.
 */
export const DEMO_EMAIL = 'demo@infinibay.local';
