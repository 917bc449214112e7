// AWS's own vectors: the cases of that name of the aws-sig-v4-test-suite, and the IAM example of the signing documentation.
import { describe, expect, it } from 'vitest';
import { signAwsRequest } from './sign-aws-request.ts';

const NOW_MS = Date.UTC(2015, 7, 30, 12, 36, 0);
const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: '',
  region: 'us-east-1',
  service: 'service',
};
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('the signature is the published one for', () => {
  it.each([
    [
      'get-vanilla',
      'GET',
      '/',
      {},
      '',
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'post-vanilla',
      'POST',
      '/',
      {},
      '',
      'host;x-amz-date',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      {},
      '',
      'host;x-amz-date',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-header-value-trim',
      'GET',
      '/',
      { 'My-Header1': ' value1', 'My-Header2': ' "a   b   c"' },
      '',
      'host;my-header1;my-header2;x-amz-date',
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'post-x-www-form-urlencoded',
      'POST',
      '/',
      FORM,
      'Param1=value1',
      'content-type;host;x-amz-date',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('%s', (_, method, path, headers, body, names, signature) => {
    const request = { method, url: `https://example.amazonaws.com${path}`, headers, body };
    expect(signAwsRequest(request, CREDENTIALS, NOW_MS)).toMatchObject({
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    });
  });

  it('the IAM example', () => {
    const request = {
      method: 'GET',
      url: 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: '',
    };
    const { authorization } = signAwsRequest(request, { ...CREDENTIALS, service: 'iam' }, NOW_MS);
    expect(authorization).toContain('Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
  });
});

it('the session token of temporary credentials is sent and signed', () => {
  const request = { method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, body: '' };
  const signed = signAwsRequest(request, { ...CREDENTIALS, sessionToken: 'token' }, NOW_MS);
  expect(signed['x-amz-security-token']).toBe('token');
  expect(signed['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});
