// Against a fake of the API, written from its public documentation:
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53.html
import { expect, it } from 'vitest';
import { startFakeApi, type FakeApi, type FakeApiAnswer } from '@dproxy/testkit/dns';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;
const NAME = '_acme-challenge.example.test';
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the-secret-access-key' };

interface FakeZone {
  /** In quotes. */
  values: string[];
  ttl: number;
  /** Called before each change: somebody else who is faster. */
  readonly meanwhile?: () => void;
}

/** A private and a public zone `example.test` with one set of TXT records. */
function startRoute53(zone: FakeZone, firstStatus = 'INSYNC'): Promise<FakeApi> {
  return startFakeApi(({ method, url, body }) => {
    if (url.pathname === '/2013-04-01/hostedzonesbyname') {
      return xml(
        200,
        `<ListHostedZonesByNameResponse><HostedZones>${hostedZone('ZPRIVATE', true)}${hostedZone('ZPUBLIC', false)}</HostedZones></ListHostedZonesByNameResponse>`,
      );
    }
    if (url.pathname.startsWith('/2013-04-01/change/')) return changeInfo('GetChangeResponse', 'INSYNC');
    if (method === 'GET') {
      return xml(
        200,
        `<ListResourceRecordSetsResponse><ResourceRecordSets>${setXml(zone)}</ResourceRecordSets></ListResourceRecordSetsResponse>`,
      );
    }
    zone.meanwhile?.();
    const deleted = /<Action>DELETE<\/Action>(.*?)<\/Change>/.exec(body)?.[1];
    const created = /<Action>CREATE<\/Action>(.*?)<\/Change>/.exec(body)?.[1];
    const isSame = deleted === undefined ? zone.values.length === 0 : deleted === setXml(zone);
    if (!isSame) {
      return xml(
        400,
        '<InvalidChangeBatch><Messages><Message>the values provided do not match the current values</Message></Messages></InvalidChangeBatch>',
      );
    }
    zone.values = [...(created ?? '').matchAll(/<Value>(.*?)<\/Value>/g)].map((match) =>
      (match[1] ?? '').replaceAll('&quot;', '"'),
    );
    zone.ttl = Number(/<TTL>(\d+)/.exec(created ?? '')?.[1] ?? 0);
    return changeInfo('ChangeResourceRecordSetsResponse', firstStatus);
  });
}

function xml(status: number, body: string): FakeApiAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body: `<?xml version="1.0"?>\n${body}` };
}

function hostedZone(id: string, isPrivate: boolean): string {
  return `<HostedZone><Id>/hostedzone/${id}</Id><Name>example.test.</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
}

function setXml({ values, ttl }: FakeZone): string {
  if (values.length === 0) return '';
  const records = values.map(
    (value) => `<ResourceRecord><Value>${value.replaceAll('"', '&quot;')}</Value></ResourceRecord>`,
  );
  return `<ResourceRecordSet><Name>${NAME}.</Name><Type>TXT</Type><TTL>${ttl}</TTL><ResourceRecords>${records.join('')}</ResourceRecords></ResourceRecordSet>`;
}

function changeInfo(root: string, status: string): FakeApiAnswer {
  return xml(200, `<${root}><ChangeInfo><Id>/change/C123</Id><Status>${status}</Status></ChangeInfo></${root}>`);
}

it('makes the set in the public zone, waits until it is in sync and deletes it again', async () => {
  const zone: FakeZone = { values: [], ttl: 0 };
  await using api = await startRoute53(zone, 'PENDING');
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  await provider.add(recordOf(NAME, 'digest'), signal);
  expect(zone).toMatchObject({ values: ['"digest"'], ttl: 10 });
  await provider.remove(recordOf(NAME, 'digest'), signal);
  expect(zone.values).toEqual([]);
  const path = '/2013-04-01/hostedzone/ZPUBLIC/rrset';
  const list = `GET ${path}?maxitems=1&name=${NAME}&type=TXT`;
  expect(api.requests.map(({ line }) => line)).toEqual([
    'GET /2013-04-01/hostedzonesbyname?dnsname=example.test&maxitems=10',
    list,
    `POST ${path}/`,
    'GET /2013-04-01/change/C123',
    list,
    `POST ${path}/`,
  ]);
});

it('signs for us-east-1, whatever AWS_REGION says, and with the token of temporary credentials', async () => {
  await using api = await startRoute53({ values: [], ttl: 0 });
  const options = { ...CREDENTIALS, sessionToken: 'the-session-token', region: 'eu-central-1', endpoint: api.url };
  const nowMs = () => Date.UTC(2026, 10, 21, 6, 30, 0);
  await openProvider('route53', { options, nowMs }).add(recordOf(NAME, 'digest'), signal);
  for (const { headers } of api.requests) {
    expect(headers).toMatchObject({ 'x-amz-date': '20261121T063000Z', 'x-amz-security-token': 'the-session-token' });
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/us-east-1\/route53\/aws4_request, SignedHeaders=(?:content-type;)?host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
  }
});

it('keeps the other values and the TTL of a set', async () => {
  const zone: FakeZone = { values: ['"of somebody else"'], ttl: 300 };
  await using api = await startRoute53(zone);
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  await provider.add(recordOf(NAME, 'digest'), signal);
  await provider.add(recordOf(NAME, 'digest'), signal);
  expect(zone).toMatchObject({ values: ['"of somebody else"', '"digest"'], ttl: 300 });
  await provider.remove(recordOf(NAME, 'digest'), signal);
  await provider.remove(recordOf(NAME, 'digest'), signal);
  expect(zone).toMatchObject({ values: ['"of somebody else"'], ttl: 300 });
});

it('does not lose a value that somebody else adds between reading and writing', async () => {
  let isFirst = true;
  const zone: FakeZone = {
    values: [],
    ttl: 60,
    meanwhile() {
      if (isFirst) zone.values = ['"faster"'];
      isFirst = false;
    },
  };
  await using api = await startRoute53(zone);
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  await provider.add(recordOf(NAME, 'digest'), signal);
  expect(zone.values).toEqual(['"faster"', '"digest"']);
});

it('gives up when somebody else is faster every time', async () => {
  let count = 0;
  const zone: FakeZone = {
    values: [],
    ttl: 60,
    meanwhile() {
      count += 1;
      zone.values = [`"${count}"`];
    },
  };
  await using api = await startRoute53(zone);
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf(NAME, 'digest'), signal));
  expect(String(error)).toContain('the values provided do not match the current values');
  expect(count).toBe(5);
});

it('needs no lookup where the hosted zone is named', async () => {
  await using api = await startRoute53({ values: [], ttl: 0 });
  const options = { ...CREDENTIALS, hostedZoneId: 'Z999', endpoint: api.url };
  await openProvider('route53', { options }).add(recordOf(NAME, 'digest'), signal);
  expect(api.requests[0]?.line).toBe(`GET /2013-04-01/hostedzone/Z999/rrset?maxitems=1&name=${NAME}&type=TXT`);
});

it('says which actions the policy lacks, and never the secret', async () => {
  const message = `User: arn:aws:iam::1:user/x with ${CREDENTIALS.secretAccessKey} is not authorized to perform: route53:ListHostedZonesByName`;
  await using api = await startFakeApi(() =>
    xml(
      403,
      `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`,
    ),
  );
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf(NAME, 'digest'), signal));
  expect(error).toMatchObject({
    problem: 'misconfigured',
    message: expect.stringMatching(/answered 403 .*not authorized to perform.*\(AccessDenied\)/) as string,
    advice: expect.stringContaining('route53:ChangeResourceRecordSets') as string,
  });
  expect(String(error)).not.toContain(CREDENTIALS.secretAccessKey);
});

it('tries again when AWS says that it is asked too often', async () => {
  let isFirst = true;
  await using api = await startFakeApi(() => {
    const throttled = xml(
      400,
      '<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
    );
    const refused = xml(
      403,
      '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
    );
    const answer = isFirst ? throttled : refused;
    isFirst = false;
    return answer;
  });
  const provider = openProvider('route53', { options: { ...CREDENTIALS, endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf(NAME, 'digest'), signal));
  expect(String(error)).toContain('AccessDenied');
  expect(api.requests).toHaveLength(2);
});
