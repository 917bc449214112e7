import { request } from 'node:http';
import { isIPv6 } from 'node:net';

const MAX_BYTES = 2_048;
const MAX_REDIRECTS = 3;

export interface Probe {
  /** The only place that is connected to. */
  readonly address: string;
  readonly port: number;
  /** What is asked for there. */
  readonly host: string;
  readonly token: string;
}

export type ProbeAnswer =
  | {
      readonly type: 'answered';
      readonly address: string;
      readonly status: number;
      readonly body: string;
      /** Where it wants to send us; empty: nowhere. */
      readonly location: string;
    }
  | { readonly type: 'failed'; readonly address: string; readonly reason: string };

/**
 * GETs the token from one address. Redirects are followed on the same host and port only: another place would be one that
 * whoever answers has chosen.
 */
export async function fetchProbe(probe: Probe, signal: AbortSignal): Promise<ProbeAnswer> {
  let path = `/.well-known/acme-challenge/${probe.token}`;
  for (let hop = 0; ; hop += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one hop after another
    const answer = await get(probe, path, signal);
    if (answer.type === 'failed' || hop === MAX_REDIRECTS) return answer;
    const next = nextPath(answer.location, path, probe);
    if (next === undefined) return answer;
    path = next;
  }
}

function nextPath(location: string, path: string, { host, port }: Probe): string | undefined {
  const base = `http://${authority(host, port)}`;
  if (location === '' || !URL.canParse(location, base + path)) return undefined;
  const url = new URL(location, base + path);
  return url.origin === new URL(base).origin && url.username === '' ? url.pathname + url.search : undefined;
}

function authority(host: string, port: number): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}

function get({ address, port, host }: Probe, path: string, signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const fail = (cause: unknown): void => resolve({ type: 'failed', address, reason: reasonOf(cause, port) });
    const headers = { host: authority(host, port), 'user-agent': 'dproxy preflight', accept: '*/*' };
    const sent = request({ host: address, port, path, headers, agent: false, signal, maxHeaderSize: 16_384 });
    sent.on('error', fail);
    // Without an error and whatever the signal says: Node drops a connection that a server switches to another protocol.
    sent.on('close', () => fail(new Error('the connection ended without an answer')));
    sent.on('response', (response) => {
      const { statusCode = 0 } = response;
      const location = statusCode >= 300 && statusCode < 400 ? (response.headers.location ?? '') : '';
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = (): void => {
        const body = Buffer.concat(chunks).subarray(0, MAX_BYTES).toString('utf8').trimEnd();
        resolve({ type: 'answered', address, status: statusCode, body, location });
        sent.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= MAX_BYTES) finish();
      });
      response.on('end', finish);
      response.on('error', fail);
    });
    sent.end();
  });
}

function reasonOf(cause: unknown, port: number): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return `nothing listens on port ${port}`;
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return 'there is no way to it from here';
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT') return `no answer on port ${port} within ten seconds`;
  return code || (cause instanceof Error ? cause.message : String(cause));
}
