// Preloaded into a process (`node --import`): whoever loads code that knows a network, a vault or its seals fails.

import { registerHooks } from 'node:module';

const FORBIDDEN =
  /libp2p|@vauban\/(client|daemon|erasure|fleet|seal|wire)|^(node:)?(dgram|dns|http|http2|https|net|tls)(\/|$)/;

registerHooks({
  resolve(specifier, context, next) {
    if (FORBIDDEN.test(specifier))
      throw new Error(`loads ${specifier}, for ${context.parentURL ?? 'nobody'}`);
    return next(specifier, context);
  },
});
