import type { NetworkInspectInfo } from 'dockerode';
import type { EngineEndpoint } from '@dproxy/core';
import { boundedCall } from '../bounded-call.ts';
import { record } from '../container.ts';
import { openDockerClient, type DockerClient } from '../docker-client.ts';
import { WAKE_CALLS } from '../engine-calls.ts';
import type { CpuSample } from '../sleep/idle-cpu.ts';
import { logLines, logSinceS } from './log-lines.ts';
import { readSeen } from './read-seen.ts';
import { type FoundNetwork, rejoinNetworks } from './rejoin-networks.ts';
import type { LoggedContainer, SeenContainer, WakeEngine } from './wake-engine.ts';
import { wakeTrouble } from './wake-trouble.ts';

export interface WakeEngineTiming {
  readonly lookMs: number;
  /** Large images and many mounts take their time. */
  readonly startMs: number;
  readonly callMs: number;
}

/** What the types of dockerode leave out. */
interface SignalledNetwork {
  inspect(options: { readonly abortSignal: AbortSignal }): Promise<NetworkInspectInfo>;
}

/** For one that has no limit. */
const MAX_STOP_MS = 10 * 60_000;

const TIMING: WakeEngineTiming = { lookMs: 5_000, startMs: 30_000, callMs: 10_000 };

/** The calls of waking and idle stop to one engine: those of WAKE_CALLS and no others. */
export class DockerWakeEngine implements WakeEngine {
  readonly #quick: DockerClient;
  /** Has its own connections for calls that last: whoever takes minutes to end must not keep all others asleep. */
  readonly #lasting: DockerClient;
  readonly #timing: WakeEngineTiming;
  readonly #closing = new AbortController();

  private constructor(quick: DockerClient, lasting: DockerClient, timing: WakeEngineTiming) {
    this.#quick = quick;
    this.#lasting = lasting;
    this.#timing = timing;
  }

  /** Sends nothing yet. @throws WakeTrouble when the client certificates cannot be read */
  static async open(endpoint: EngineEndpoint, timing = TIMING): Promise<DockerWakeEngine> {
    try {
      const quick = await openDockerClient(endpoint, WAKE_CALLS);
      // Turns of wakes and of idle stop bound how many there are.
      const lasting = await openDockerClient(endpoint, WAKE_CALLS, Number.POSITIVE_INFINITY);
      return new DockerWakeEngine(quick, lasting, timing);
    } catch (cause) {
      throw wakeTrouble(cause);
    }
  }

  async look(id: string): Promise<SeenContainer | undefined> {
    const answer = await this.#call([404], this.#timing.lookMs, (abortSignal) =>
      this.#docker.getContainer(id).inspect({ abortSignal }),
    );
    return answer === undefined ? undefined : readSeen(answer);
  }

  async start(container: SeenContainer): Promise<'started' | 'ran'> {
    await rejoinNetworks(container, {
      find: (name) => this.#findNetwork(name),
      create: (name, labels) => this.#createNetwork(name, labels),
      connect: (name, aliases) => this.#connect(name, container.id, aliases),
    });
    const ran = await this.#call([304], this.#timing.startMs, async (abortSignal) => {
      await this.#lasting.docker.getContainer(container.id).start({ abortSignal });
      return 'started' as const;
    });
    return ran ?? 'ran';
  }

  async unpause(id: string): Promise<void> {
    await this.#switch(id, 'is not paused', (abortSignal) => this.#docker.getContainer(id).unpause({ abortSignal }));
  }

  async pause(id: string): Promise<void> {
    await this.#switch(id, 'is already paused', (abortSignal) => this.#docker.getContainer(id).pause({ abortSignal }));
  }

  async stop(id: string): Promise<void> {
    const { lookMs, callMs } = this.#timing;
    const { stopTimeoutMs = 0 } = (await this.look(id)) ?? {};
    const withinMs = Math.min(MAX_STOP_MS, stopTimeoutMs) + lookMs + callMs;
    await this.#call([304, 404], withinMs, (abortSignal) =>
      this.#lasting.docker.getContainer(id).stop({ abortSignal }),
    );
  }

  async cpu(id: string): Promise<CpuSample | undefined> {
    const answer: unknown = await this.#call([401, 403, 404], this.#timing.callMs, (abortSignal) => {
      const options = { stream: false, 'one-shot': true, abortSignal } as const;
      return this.#docker.getContainer(id).stats(options);
    });
    if (answer === undefined) return undefined;
    const stats = record(answer, 'stats');
    const use = record(record(stats['cpu_stats'] ?? {}, 'cpu_stats')['cpu_usage'] ?? {}, 'cpu_usage')['total_usage'];
    const atMs = Date.parse(String(stats['read']));
    // One that does not run answers with zeros and the year 1.
    return typeof use === 'number' && atMs > 0 ? { usedNs: use, atMs } : undefined;
  }

  async lastLines(container: LoggedContainer, count: number): Promise<string[]> {
    const { id, hasTerminal } = container;
    const what = { stdout: true, stderr: true, follow: false, tail: count, since: logSinceS(container) } as const;
    // 501: its log driver cannot be read.
    const bytes = await this.#call([401, 403, 404, 500, 501], this.#timing.callMs, (abortSignal) =>
      this.#docker.getContainer(id).logs({ ...what, abortSignal }),
    );
    return bytes === undefined ? [] : logLines(bytes, { hasTerminal, count });
  }

  close(): void {
    this.#closing.abort(new Error('dproxy stops'));
    this.#quick.agent.destroy();
    this.#lasting.agent.destroy();
  }

  get #docker(): DockerClient['docker'] {
    return this.#quick.docker;
  }

  async #findNetwork(name: string): Promise<FoundNetwork | undefined> {
    const network = await this.#call([404], this.#timing.callMs, (abortSignal) =>
      (this.#docker.getNetwork(name) as SignalledNetwork).inspect({ abortSignal }),
    );
    return network && { id: network.Id, project: network.Labels?.['com.docker.compose.project'] ?? '' };
  }

  /** @returns its id; empty: somebody else has made it meanwhile */
  async #createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<string> {
    const made = await this.#call([409], this.#timing.callMs, (abortSignal) =>
      this.#docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: { ...labels },
        abortSignal,
      }),
    );
    return made?.id ?? '';
  }

  async #connect(name: string, container: string, aliases: readonly string[]): Promise<void> {
    const EndpointConfig = { Aliases: [...aliases] };
    await this.#unlessSaying(/already exists in network/i, (abortSignal) => {
      const options = { Container: container, EndpointConfig, abortSignal };
      return this.#docker.getNetwork(name).connect(options);
    });
  }

  async #switch(id: string, already: string, start: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    await this.#unlessSaying(new RegExp(already, 'i'), start);
  }

  /** An answer with these words means that there is nothing to do: its status differs among versions of the engine. */
  async #unlessSaying(words: RegExp, start: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await this.#bounded(this.#timing.callMs, start);
    } catch (cause) {
      const isAnswer = cause instanceof Error && 'statusCode' in cause;
      if (!isAnswer || !words.test(cause.message)) throw wakeTrouble(cause);
    }
  }

  /** Undefined where the engine answered with one of these. */
  async #call<T>(
    statuses: readonly number[],
    timeoutMs: number,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.#bounded(timeoutMs, start);
    } catch (cause) {
      if (cause instanceof Error && 'statusCode' in cause && statuses.includes(Number(cause.statusCode)))
        return undefined;
      throw wakeTrouble(cause);
    }
  }

  async #bounded<T>(timeoutMs: number, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return await boundedCall(start, signal);
    } catch (cause) {
      if (!isCutOff(cause)) throw cause;
      // A proxy in front of the engine ends connections that are idle, also in the moment in which one is used again. Whatever is
      // asked for here may be asked for twice.
      return await boundedCall(start, signal);
    }
  }
}

function isCutOff(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
}
