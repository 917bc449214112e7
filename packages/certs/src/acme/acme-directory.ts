import { AcmeProblemError, fieldsOf, ownProblem, readProblem, webAddress } from './acme-problem.ts';
import type { Transport } from './transport.ts';

/** RFC 8555 section 7.1.1, with renewalInfo of RFC 9773 section 4.1. */
export interface AcmeDirectory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** Empty: the authority has none. */
  readonly renewalInfo: string;
  /** What CAA records have to name; one of them is enough. */
  readonly caaIdentities: readonly string[];
  readonly isExternalAccountRequired: boolean;
  /** Names of draft-ietf-acme-profiles; undefined: the authority knows no profiles. */
  readonly profiles: readonly string[] | undefined;
}

/** @throws IssueError, AcmeProblemError */
export async function fetchDirectory(transport: Transport, url: string, signal: AbortSignal): Promise<AcmeDirectory> {
  const answer = await transport.send({ url, method: 'get', signal });
  const nowMs = Date.now();
  const retryAfter = answer.headers['retry-after'];
  if (answer.status !== 200) {
    throw new AcmeProblemError(readProblem(answer.data, { status: answer.status, retryAfter, nowMs }));
  }
  const document = fieldsOf(answer.data);
  const meta = fieldsOf(document['meta']);
  const profiles: unknown = meta['profiles'];
  return {
    newNonce: required(document, 'newNonce', url),
    newAccount: required(document, 'newAccount', url),
    newOrder: required(document, 'newOrder', url),
    renewalInfo: webAddress(document['renewalInfo']),
    caaIdentities: texts(meta['caaIdentities']),
    isExternalAccountRequired: meta['externalAccountRequired'] === true,
    profiles: profiles === undefined ? undefined : Object.keys(fieldsOf(profiles)),
  };
}

function required(document: Readonly<Record<string, unknown>>, name: string, directoryUrl: string): string {
  const url = webAddress(document[name]);
  if (url !== '') return url;
  throw ownProblem(`${directoryUrl} names no ${name}`);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string').slice(0, 10) : [];
}
