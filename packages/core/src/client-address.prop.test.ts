import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalAddress } from './address.ts';
import { compileCidrs, trustedClient } from './client-address.ts';

const isTrusted = compileCidrs(['10.0.0.0/8', 'fd00::/8']);
const trusted = fc.constantFrom('10.0.0.1', '10.9.9.9', 'fd00::1', '::ffff:10.1.1.1');
const stranger = fc.constantFrom('203.0.113.5', '2001:db8::5', '192.0.2.1');
const junk = fc.oneof(
  fc.string({ maxLength: 8 }).filter((text) => !text.includes(',')),
  fc.constant('unknown'),
);

it('never believes what stands left of the last stranger, whatever that is', () => {
  const claims = fc.array(fc.oneof(trusted, stranger, junk), { maxLength: 6 });
  fc.assert(
    fc.property(claims, stranger, fc.array(trusted, { maxLength: 6 }), (left, client, hops) => {
      const claimed = [...left, client, ...hops].join(', ');
      expect(trustedClient('10.0.0.1', claimed, isTrusted).realIp).toBe(client);
    }),
  );
});

it('always gives an address', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(trusted, stranger, junk), { maxLength: 6 }),
      fc.constantFrom(',', ', ', ' ,'),
      (all, comma) => {
        const { realIp } = trustedClient('10.0.0.1', all.join(comma), isTrusted);
        expect(canonicalAddress(realIp)).toBe(realIp);
      },
    ),
  );
});

it('covers an address by a range exactly when their first bits are the same', () => {
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const asNumber = (parts: readonly number[]): bigint => parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  fc.assert(
    fc.property(octets, octets, fc.integer({ min: 0, max: 32 }), fc.boolean(), (range, address, bits, isMapped) => {
      const shift = BigInt(32 - bits);
      const isCovered = asNumber(range) >> shift === asNumber(address) >> shift;
      const text = `${isMapped ? '::ffff:' : ''}${address.join('.')}`;
      expect(compileCidrs([`${range.join('.')}/${bits}`])(text)).toBe(isCovered);
    }),
  );
});
