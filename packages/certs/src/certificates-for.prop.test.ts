import type { CertificateRef } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificatesFor } from './certificates-for.ts';
import { coveringNames } from './covering-names.ts';

const file = (...names: string[]): CertificateRef => ({ id: names.join(), names, kind: 'file' });

test('the index agrees with coveringNames for every host', () => {
  const label = fc.constantFrom('a', 'b', 'example');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const name = fc.oneof(
    host,
    host.map((rest) => `*.${rest}`),
  );
  fc.assert(
    fc.property(name, fc.array(name), (wanted, names) => {
      const isIssued = certificatesFor([wanted], [file(...names)]).length === 2;
      expect(isIssued).toBe(coveringNames(file(...names), wanted).length === 0);
    }),
  );
});
