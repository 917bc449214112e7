import { createHash } from 'node:crypto';
import type { ChallengeAnswer } from '../ports.ts';
import { makeAlpnCertificate } from './alpn-certificate.ts';
import { challengeServerName } from './identifiers.ts';
import type { ChallengeDocument } from './order-documents.ts';

/** What has to be where the authority will look (RFC 8555 section 8, RFC 8737, RFC 8738). */
export async function answerOf(
  name: string,
  { type, token }: ChallengeDocument,
  keyAuthorization: string,
): Promise<ChallengeAnswer> {
  switch (type) {
    case 'http-01':
      return { type, host: name, token, keyAuthorization };
    case 'tls-alpn-01': {
      const material = await makeAlpnCertificate(name, keyAuthorization, Date.now());
      return { type, host: challengeServerName(name), material };
    }
    case 'dns-01': {
      const recordName = `_acme-challenge.${name.startsWith('*.') ? name.slice(2) : name}`;
      const recordValue = createHash('sha256').update(keyAuthorization).digest('base64url');
      return { type, host: name, recordName, recordValue, token, keyAuthorization };
    }
    default:
      return type satisfies never;
  }
}
