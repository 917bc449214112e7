// https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53.html
import { IssueError } from '../../ports.ts';
import { callApi, type ApiAnswer, type ApiRequest } from '../call-api.ts';
import type { ProviderContext } from '../dns-provider.ts';
import { signAwsRequest, type AwsCredentials } from './sign-aws-request.ts';
import { elementsAt, MalformedXml, parseXml, xmlText, type XmlElement } from './xml.ts';

const VERSION = '2013-04-01';
export const ROUTE53_NAMESPACE = `https://route53.amazonaws.com/doc/${VERSION}/`;
const GLOBAL_ENDPOINT = 'https://route53.amazonaws.com';

export interface Route53Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** For messages. */
  readonly subject: string;
}

/** A batch of changes was refused as a whole: what was read is no longer so, or the change is not possible. */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused';
}

/** Signed calls of the API. */
export class Route53Api {
  readonly #context: ProviderContext;
  readonly #base: string;
  readonly #credentials: AwsCredentials;

  constructor(context: ProviderContext) {
    const { option } = context;
    const { endpoint, region } = partitionOf(option('region'), option('endpoint'));
    this.#context = context;
    this.#base = `${endpoint}/${VERSION}`;
    this.#credentials = {
      accessKeyId: option('accessKeyId'),
      secretAccessKey: option('secretAccessKey'),
      sessionToken: option('sessionToken'),
      region,
      service: 'route53',
    };
  }

  /** @throws IssueError, BatchRefused, or the signal's reason */
  async call({ method, path, body = '', subject }: Route53Call, signal: AbortSignal): Promise<XmlElement> {
    const url = `${this.#base}${path}`;
    const request = (): ApiRequest => {
      const headers = body === '' ? {} : { 'content-type': 'application/xml' };
      const signed = signAwsRequest({ method, url, headers, body }, this.#credentials, this.#context.nowMs());
      return { method, url, headers: signed, ...(body === '' ? {} : { body }) };
    };
    const answer = await callApi(request, {
      ...this.#context,
      subject,
      signal,
      accepts: ({ body: text }) => rootOf(text)?.name === 'InvalidChangeBatch',
      isThrottled: ({ body: text }) => ['Throttling', 'PriorRequestNotComplete'].includes(errorCode(text)),
      messageOf: describeError,
      adviceFor,
    });
    if (answer.status >= 300) throw new BatchRefused(describeError(answer.body));
    const root = rootOf(answer.body);
    if (root !== undefined) return root;
    const message = `${this.#context.title} answered ${answer.status} with what is no XML for ${subject}`;
    throw new IssueError('unreachable', message, { advice: 'Check acme.dns.endpoint.' });
  }
}

/** Route 53 has one endpoint and one signing region per partition, whatever region AWS_REGION names. */
function partitionOf(region: string, endpoint: string): { endpoint: string; region: string } {
  const own = endpoint.replace(/\/$/, '');
  const [host, signing] = region.startsWith('cn-')
    ? [`${GLOBAL_ENDPOINT}.cn`, 'cn-northwest-1']
    : region.startsWith('us-gov-')
      ? ['https://route53.us-gov.amazonaws.com', 'us-gov-west-1']
      : [GLOBAL_ENDPOINT, 'us-east-1'];
  return { endpoint: own === GLOBAL_ENDPOINT ? host : own, region: signing };
}

function rootOf(body: string): XmlElement | undefined {
  try {
    return parseXml(body);
  } catch (error) {
    if (error instanceof MalformedXml) return undefined;
    throw error;
  }
}

function errorCode(body: string): string {
  const root = rootOf(body);
  return root === undefined ? '' : xmlText(root, 'Error', 'Code');
}

function describeError(body: string): string {
  const root = rootOf(body);
  if (root === undefined) return '';
  if (root.name !== 'InvalidChangeBatch')
    return `${xmlText(root, 'Error', 'Message')} (${xmlText(root, 'Error', 'Code')})`;
  const messages = elementsAt(root, 'Messages', 'Message').map(({ text }) => text);
  return messages.length > 0 ? messages.join('; ') : xmlText(root, 'Message');
}

function adviceFor({ status, body }: ApiAnswer): string {
  switch (errorCode(body)) {
    case 'AccessDenied':
      return 'The policy needs route53:ListResourceRecordSets and route53:ChangeResourceRecordSets for the hosted zone, route53:GetChange, and route53:ListHostedZonesByName unless acme.dns.hostedZoneId is set.';
    case 'NoSuchHostedZone':
      return 'Correct acme.dns.hostedZoneId.';
    case 'SignatureDoesNotMatch':
      return 'Check the secret access key, and the clock of this machine.';
    default:
      if (status === 403) return 'Check access key, secret and session token.';
      return status >= 500 ? 'AWS has trouble; it is tried again.' : 'Look at the message of AWS.';
  }
}
