import { createHash } from 'node:crypto';
import type { HeaderLines, Http2Client, Http2Response, MessageHead, RawResponse } from '@dproxy/testkit';

/** Sends a request that is written as HTTP/1.1, and shows its response as if it had come so; only the first line tells. */
export async function overHttp2(client: Http2Client, request: string): Promise<RawResponse> {
  const headEnd = request.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = request.slice(0, headEnd).split('\r\n');
  const [method, path] = startLine.split(' ');
  const headers: Record<string, string | string[]> = { ':method': method ?? '', ':path': path ?? '' };
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (name === 'host') headers[':authority'] = line.slice(colon + 1).trim();
    else headers[name] = [headers[name] ?? [], line.slice(colon + 1).trim()].flat();
  }
  const body = Buffer.from(request.slice(headEnd + 4), 'latin1');
  const hasBody = headers['content-length'] !== undefined && body.length > 0;
  return asRawResponse(await client.request(headers, hasBody ? body : undefined));
}

function asRawResponse(response: Http2Response): RawResponse {
  const { body, interim, status } = response;
  const pairs: [string, string][] = [];
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index] ?? '';
    if (!name.startsWith(':')) pairs.push([name, response.rawHeaders[index + 1] ?? '']);
  }
  return {
    ...messageHead(`HTTP/2 ${status}`, pairs),
    status,
    interim: interim.map(({ ':status': code, ...fields }) =>
      messageHead(
        `HTTP/2 ${String(code)}`,
        Object.entries(fields).map(([name, value]) => [name, String(value)] as const),
      ),
    ),
    body: {
      bytes: body,
      text: body.toString('latin1'),
      length: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      // Frames find it; HTTP/1.1 has no word for that.
      framing: 'none',
      trailers: [],
    },
  };
}

function messageHead(startLine: string, headers: HeaderLines): MessageHead {
  return {
    startLine,
    headers,
    raw: '',
    header: (name: string) => headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1],
  };
}
