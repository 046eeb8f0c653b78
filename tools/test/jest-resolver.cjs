'use strict';

/**
 * Sources import their neighbours by the name that the compiler will give them (`./x.js`), while jest reads the
 * sources themselves (`./x.ts`). Only relative imports that don't exist as written are tried again.
 */
module.exports = (request, options) => {
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    if (!/^\.{1,2}\/.*\.js$/.test(request)) throw error;
    return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
  }
};
