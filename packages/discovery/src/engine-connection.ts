import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import type { EngineEndpoint } from '@dproxy/core';
import { readContainer, readEnv, record, text, textMap, type Container } from './container.ts';
import type { Words } from './image-words.ts';

const MAX_SOCKETS = 16;
const KEEP_ALIVE_PROBE_MS = 15_000;

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
}

/**
 * One connection to an engine, through dockerode. It can only read (threats.md row 42): everything here is a GET, so that a
 * socket proxy that lets nothing else pass is enough. Every call ends: with an answer, at its deadline, or with `close`.
 */
export class EngineConnection {
  readonly #docker: Docker;
  readonly #agent: HttpAgent;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();

  private constructor(docker: Docker, agent: HttpAgent, timeoutMs: number) {
    this.#docker = docker;
    this.#agent = agent;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param timeoutMs deadline of each call
   * @throws Error when the client certificates cannot be read; nothing is sent yet
   */
  static async open(endpoint: EngineEndpoint, timeoutMs: number): Promise<EngineConnection> {
    const agent = endpoint.tls === null ? new HttpAgent(AGENT) : await tlsAgent(endpoint.tls);
    // All of these are named, because dockerode fills what is not from DOCKER_HOST and its siblings.
    const unset = { ca: undefined, cert: undefined, key: undefined, pathPrefix: '/', timeout: undefined };
    const where =
      endpoint.socketPath === ''
        ? { socketPath: undefined, host: endpoint.host, port: endpoint.port }
        : { socketPath: endpoint.socketPath, host: undefined, port: undefined };
    const options = { ...unset, ...where, agent, protocol: endpoint.tls === null ? 'http' : 'https' };
    return new EngineConnection(new Docker(options as Docker.DockerOptions), agent, timeoutMs);
  }

  async list(): Promise<readonly ListedContainer[]> {
    const list: unknown = await this.#call((abortSignal) => this.#docker.listContainers({ all: true, abortSignal }));
    if (!Array.isArray(list)) throw new TypeError('the engine gave no list of containers');
    return list.map((entry: unknown) => {
      const item = record(entry, 'container');
      const [name] = Array.isArray(item['Names']) ? (item['Names'] as unknown[]) : [];
      return {
        id: text(item['Id'], 'Id'),
        name: text(name ?? '', 'Names').replace(/^\//, ''),
        state: text(item['State'], 'State'),
      };
    });
  }

  /** Undefined: there is no such container (any more). */
  async container(id: string): Promise<Container | undefined> {
    const call = this.#call((abortSignal) => this.#docker.getContainer(id).inspect({ abortSignal }));
    const answer = await unlessStatus(call, ABSENT);
    return answer === undefined ? undefined : readContainer(answer);
  }

  /** Undefined: the image is gone, or a socket proxy does not let us see images. */
  async imageWords(imageId: string): Promise<Words | undefined> {
    const call = this.#call(() => this.#docker.getImage(imageId).inspect());
    const answer = await unlessStatus(call, ABSENT_OR_FORBIDDEN);
    if (answer === undefined) return undefined;
    const config = record(answer.Config ?? {}, 'Config');
    return { labels: textMap(config['Labels'] ?? {}, 'Config.Labels'), env: readEnv(config['Env'] ?? []) };
  }

  async networks(): Promise<readonly EngineNetwork[]> {
    const list = await this.#call(() => this.#docker.listNetworks());
    return list.map(({ Id, Name, Driver }) => ({ id: Id, name: Name, driver: Driver }));
  }

  async version(): Promise<string> {
    const answer = await this.#call(() => this.#docker.version());
    return answer.Version;
  }

  /**
   * True when its networks exist only inside of it: a rootless engine, or one in a virtual machine. Their addresses mean
   * something else, or somebody else, to this host. False as well where a socket proxy does not let us ask.
   */
  async hidesNetworks(): Promise<boolean> {
    const answer: unknown = await unlessStatus(
      this.#call(() => this.#docker.info()),
      ABSENT_OR_FORBIDDEN,
    );
    if (answer === undefined) return false;
    const info = record(answer, 'info');
    const security: unknown[] = Array.isArray(info['SecurityOptions']) ? info['SecurityOptions'] : [];
    return security.includes('name=rootless') || info['OperatingSystem'] === 'Docker Desktop';
  }

  async ping(): Promise<void> {
    await this.#call(() => this.#docker.ping());
  }

  /** The stream of events, from a few seconds ago on: the engine may answer a moment before it has subscribed us. */
  async events(sinceSeconds: number): Promise<Readable> {
    // As text, because the types know no list of types; the API does.
    const filters = JSON.stringify({ type: ['container', 'network'] });
    const stream = await this.#call(() => this.#docker.getEvents({ since: sinceSeconds, filters }));
    const response = stream as Readable & { socket?: { setKeepAlive(enable: boolean, delayMs: number): void } };
    // A firewall that forgot this connection says nothing; probes make the kernel notice.
    response.socket?.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    return response;
  }

  /** Cuts everything. Idempotent. */
  close(): void {
    this.#closing.abort(new Error('the connection to the engine was closed'));
    this.#agent.destroy();
  }

  /** dockerode calls back neither when an answer is cut off half-way nor when the engine stops talking. */
  async #call<T>(start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#timeoutMs)]);
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    try {
      return await Promise.race([start(signal), aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

const AGENT = { keepAlive: true, maxSockets: MAX_SOCKETS };

async function tlsAgent({ certPath, verify }: NonNullable<EngineEndpoint['tls']>): Promise<HttpsAgent> {
  const files = certPath === '' ? [] : ['ca.pem', 'cert.pem', 'key.pem'];
  const [ca, cert, key] = await Promise.all(files.map((name) => readFile(join(certPath, name))));
  const material = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return new HttpsAgent({ ...AGENT, ...material, rejectUnauthorized: verify });
}

const ABSENT: readonly unknown[] = [404];
const ABSENT_OR_FORBIDDEN: readonly unknown[] = [401, 403, 404];

/** Undefined where the engine answered with one of these. */
async function unlessStatus<T>(call: Promise<T>, statuses: readonly unknown[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && statuses.includes(error.statusCode)) return undefined;
    throw error;
  }
}
