// Authorities refuse nonces, some of them often (RFC 8555 section 6.5). A certificate comes none the less, every time.
import { expect, test } from 'vitest';
import { AuthorityUnderTest, never } from './authority.ts';

test.each([5, 50])('20 of 20 certificates come where %i of 100 nonces are refused', async (nonceReject) => {
  await using subject = await AuthorityUnderTest.start({ nonceReject });
  const names = Array.from({ length: 20 }, (_, index) => `n${index}.example.com`);
  const issued = await Promise.all(names.map((name) => subject.issuer.issue(subject.request([name]), never())));
  expect(issued.map((certificate) => certificate.names[0])).toEqual(names);
  // That nonces were refused at all: half of the orders were sent again.
  expect(subject.pebble.requests('order-plz')).toBeGreaterThan(nonceReject === 50 ? 20 : 19);
});
