// What clients do to a proxy: each load runs on the other core and says how much it got.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OTHER_CORE } from './origin.ts';

export interface LoadResult {
  /** Requests, or connections, that were served. */
  readonly count: number;
  /** 0: the load does not know. */
  readonly p99Ms: number;
  /** Answers that were not 2xx, and socket errors. */
  readonly errors: number;
}

export type Load = (port: number, seconds: number) => Promise<LoadResult>;

const HOST = 'bench.test';

/** @param headers lines without their end */
export function plainHttp(path: string, connections: number, headers: readonly string[] = []): Load {
  return async (port, seconds) => {
    const fields = [`Host: ${HOST}`, ...headers].flatMap((line) => ['-H', line]);
    const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...fields];
    const text = await run('wrk', [...options, `http://127.0.0.1:${port}${path}`]);
    const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
    const unit = { us: 0.001, ms: 1, s: 1000 }[p99?.[2] ?? 'ms'] ?? 1;
    return {
      count: numberIn(text, /(\d+) requests in/),
      p99Ms: Number(p99?.[1] ?? 0) * unit,
      errors: numberIn(text, /Non-2xx or 3xx responses: (\d+)/) + sum(/Socket errors: (.*)/.exec(text)?.[1] ?? ''),
    };
  };
}

/** Keep-alive over TLS. @param streams at once per connection; 0: HTTP/1.1 */
export function secureHttp(path: string, { connections, streams }: { connections: number; streams: number }): Load {
  return async (port, seconds) => {
    const protocol = streams === 0 ? ['--h1', '-m1'] : [`-m${streams}`];
    const place = [`--connect-to=127.0.0.1:${port}`, `https://${HOST}:${port}${path}`];
    const text = await run('h2load', ['-t1', `-c${connections}`, '-D', String(seconds), ...protocol, ...place]);
    const done = numberIn(text, /status codes: (\d+) 2xx/);
    const bad = sum(/status codes: \d+ 2xx, (.*)/.exec(text)?.[1]?.replaceAll(/\dxx/g, '') ?? '');
    return { count: done, p99Ms: 0, errors: bad + numberIn(text, /(\d+) failed,/) };
  };
}

/** A TLS connection for each request. @param isResumed with the session ticket of an earlier one */
export function newConnections(path: string, isResumed: boolean): Load {
  return async (port, seconds) => {
    const script = join(import.meta.dirname, 'tls-client.ts');
    const options = [String(port), HOST, path, String(seconds), isResumed ? 'resume' : 'full'];
    const result = JSON.parse(await run(process.execPath, [script, ...options])) as {
      count: number;
      resumed: number;
      errors: number;
    };
    // What was not resumed (or was) though it should be is another experiment: said, not mixed in.
    const wrong = isResumed ? result.count - result.resumed : result.resumed;
    return { count: result.count, p99Ms: 0, errors: result.errors + wrong };
  };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('taskset', ['-c', OTHER_CORE, command, ...args], { maxBuffer: 1 << 20 });
  return stdout;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function sum(text: string): number {
  return (text.match(/\d+/g) ?? []).reduce((total, part) => total + Number(part), 0);
}
