import { once } from 'node:events';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { HealthTarget } from '@dproxy/core';
import { judgeStatus } from './expected-status.ts';
import { askHttp2 } from './http2-request.ts';
import { endpointOf, type Probe } from './probe.ts';

const MAX_REDIRECTS = 3;
const MAX_HEAD_BYTES = 16_384;

/** Its answer has one of the expected statuses. The body is not read. */
export const probeHttp: Probe = async (target, signal) => {
  const { check } = target;
  let path = check.path;
  for (let hop = 0; ; hop++) {
    // oxlint-disable-next-line no-await-in-loop -- one redirect after another
    const { status, location } = await ask(target, path, signal);
    const next = check.followRedirects && hop < MAX_REDIRECTS ? sameServer(target, path, status, location) : undefined;
    if (next === undefined) return judgeStatus(status, check);
    path = next;
  }
};

interface Answer {
  readonly status: number;
  readonly location: string;
}

async function ask(target: HealthTarget, path: string, signal: AbortSignal): Promise<Answer> {
  const { method } = target.check;
  if (isHttp2(target)) {
    const { headers } = await askHttp2(target, { method, path, signal });
    return { status: Number(headers[':status']), location: headers.location ?? '' };
  }
  const request = open(target, path, signal);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.destroy();
  return { status: response.statusCode ?? 0, location: response.headers.location ?? '' };
}

function open(target: HealthTarget, path: string, signal: AbortSignal): ClientRequest {
  const { backend, check } = target;
  const options = {
    ...endpointOf(target),
    method: check.method,
    path,
    headers: [...check.headers, ['host', hostOf(target)]].flat(),
    // A connection of its own: whether a new client gets through is the question.
    agent: false as const,
    maxHeaderSize: MAX_HEAD_BYTES,
    signal,
  };
  const request = isEncrypted(target)
    ? requestHttps({ ...options, rejectUnauthorized: backend.tlsVerify, ...serverName(target) })
    : requestHttp(options);
  // After the verdict, too: what comes then is nobody's error.
  request.on('error', () => undefined);
  return request;
}

/**
 * A redirect is only followed to the server that is being checked: a container must not be able to send the primary, which
 * stands where it does not, to any other address.
 */
function sameServer(target: HealthTarget, path: string, status: number, location: string): string | undefined {
  if (status < 300 || status > 399 || location === '') return undefined;
  const base = `${isEncrypted(target) ? 'https' : 'http'}://${hostOf(target)}${path}`;
  if (!URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  return url.origin === new URL(base).origin ? `${url.pathname}${url.search}` : undefined;
}

function isEncrypted({ backend, check }: HealthTarget): boolean {
  if (check.scheme !== 'default') return check.scheme === 'https';
  return backend.protocol === 'https' || backend.protocol === 'h2';
}

function isHttp2({ backend, check }: HealthTarget): boolean {
  return check.scheme === 'default' && (backend.protocol === 'h2' || backend.protocol === 'h2c');
}

function hostOf(target: HealthTarget): string {
  const { host, port } = endpointOf(target);
  if (target.check.host !== '') return target.check.host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The name in the certificate is that of the `Host` that is asked for, else the backend's own. */
function serverName({ backend, check }: HealthTarget): { servername?: string } {
  const name = check.host.replace(/:\d+$/, '') || backend.address;
  return isIP(name) === 0 ? { servername: name } : {};
}
