import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { ImageInspectInfo } from 'dockerode';
import type { EngineEndpoint } from '@dproxy/core';
import { boundedCall } from './bounded-call.ts';
import { openDockerClient } from './docker-client.ts';
import { READ_CALLS } from './engine-calls.ts';
import { readContainer, readEnv, record, text, textMap, type Container } from './container.ts';
import type { Words } from './image-words.ts';

const KEEP_ALIVE_PROBE_MS = 15_000;

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** What the types of dockerode leave out. */
interface SignalledImage {
  inspect(options: { readonly abortSignal: AbortSignal }): Promise<ImageInspectInfo>;
}

export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
}

/**
 * One connection to an engine, through dockerode. It can only read (threats.md row 42): everything here is a GET of READ_CALLS,
 * so that a socket proxy that lets nothing else pass is enough. Every call ends: with an answer, at its deadline, or with `close`.
 */
export class EngineConnection {
  readonly #docker: Docker;
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();

  private constructor(docker: Docker, agent: Agent, timeoutMs: number) {
    this.#docker = docker;
    this.#agent = agent;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param timeoutMs deadline of each call
   * @throws Error when the client certificates cannot be read; nothing is sent yet
   */
  static async open(endpoint: EngineEndpoint, timeoutMs: number): Promise<EngineConnection> {
    const { docker, agent } = await openDockerClient(endpoint, READ_CALLS);
    return new EngineConnection(docker, agent, timeoutMs);
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
    const call = this.#call((abortSignal) =>
      (this.#docker.getImage(imageId) as SignalledImage).inspect({ abortSignal }),
    );
    const answer = await unlessStatus(call, ABSENT_OR_FORBIDDEN);
    if (answer === undefined) return undefined;
    const config = record(answer.Config ?? {}, 'Config');
    return { labels: textMap(config['Labels'] ?? {}, 'Config.Labels'), env: readEnv(config['Env'] ?? []) };
  }

  async networks(): Promise<readonly EngineNetwork[]> {
    const list = await this.#call((abortSignal) => this.#docker.listNetworks({ abortSignal }));
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

  async #call<T>(start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await boundedCall(start, AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#timeoutMs)]));
  }
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
