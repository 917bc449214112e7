import { afterAll, beforeAll, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { startFakeApi, type FakeApi } from '@dproxy/testkit/dns';
import { IssueError } from '../../ports.ts';
import { failureOf, openProvider, recordOf } from './_provider.ts';
import { MalformedXml, parseXml } from './xml.ts';

const signal = new AbortController().signal;
let answer = { status: 200, body: '' };
let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi(() => answer);
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** What the APIs answer with, filled with anything. */
const body = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record({
      result: fc.anything(),
      errors: fc.anything(),
      domain_records: fc.anything(),
      zone: fc.anything(),
      rrset: fc.anything(),
      action: fc.anything(),
    })
    .map((value) => {
      try {
        return JSON.stringify(value);
      } catch {
        // Not everything is JSON, such as a bigint.
        return '{"result":[null,{"id":{}}],"errors":[1]}';
      }
    }),
);

it.each(['cloudflare', 'digitalocean', 'hetzner', 'route53'] as const)(
  '%s bears whatever its API says: it is done, or an IssueError',
  async (name) => {
    const options = { token: 't', accessKeyId: 'A', secretAccessKey: 's', endpoint: api.url };
    const property = fc.asyncProperty(
      fc.constantFrom(200, 201, 301, 400, 403, 404, 500),
      body,
      async (status, text) => {
        answer = { status, body: text };
        for (const action of ['add', 'remove'] as const) {
          const provider = openProvider(name, { options });
          const outcome = await failureOf(provider[action](recordOf('_acme-challenge.example.test', 'v'), signal));
          if (outcome !== 'it succeeded') expect(outcome).toBeInstanceOf(IssueError);
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  },
);

it('whatever text arrives, it is XML or refused as malformed', () => {
  const piece = fc.constantFrom(
    '<a>',
    '</a>',
    '<b x="1"/>',
    '<',
    '>',
    '&amp;',
    '&#65;',
    '&',
    'text',
    ' ',
    '<!--',
    '<?xml?>',
    '"',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        parseXml(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedXml);
      }
    }),
    { numRuns: 1_000 },
  );
});
