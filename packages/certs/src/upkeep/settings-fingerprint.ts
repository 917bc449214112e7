import { createHash } from 'node:crypto';
import { canonicalJson } from '@dproxy/core';
import type { AcmeSettings } from '@dproxy/config';

/** Tells whether two settings are the same, in a file, without telling what they are. */
export function settingsFingerprint(settings: AcmeSettings): string {
  return createHash('sha256').update(canonicalJson(settings)).digest('hex').slice(0, 16);
}
