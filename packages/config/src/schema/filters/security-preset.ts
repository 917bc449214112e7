import type { HeaderChange } from '@dproxy/core';

/**
 * `headers: {preset: security}`: what an ordinary site can have without a look at its pages. No content-security-policy, which
 * only who wrote the pages can say, and no strict-transport-security, which is `https.hsts`.
 */
export const SECURITY_PRESET: readonly HeaderChange[] = [
  { operation: 'set', name: 'x-content-type-options', value: 'nosniff' },
  { operation: 'set', name: 'x-frame-options', value: 'SAMEORIGIN' },
  { operation: 'set', name: 'referrer-policy', value: 'strict-origin-when-cross-origin' },
  { operation: 'set', name: 'x-permitted-cross-domain-policies', value: 'none' },
  { operation: 'remove', name: 'x-powered-by', value: '' },
];
