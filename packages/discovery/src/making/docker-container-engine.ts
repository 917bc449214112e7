import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import {
  MakerError,
  type ContainerEngine,
  type ContainerPlan,
  type EngineEndpoint,
  type PullProgress,
} from '@dproxy/core';
import { boundedCall } from '../bounded-call.ts';
import { openDockerClient } from '../docker-client.ts';
import { MAKE_CALLS } from '../engine-calls.ts';
import { createOptions } from './create-options.ts';
import { makerTrouble } from './maker-trouble.ts';
import { PullFailure, readPull } from './pull-reader.ts';

export interface MakingTiming {
  readonly callMs: number;
  /** How long a container has to end by itself; then it is killed. Whole seconds. */
  readonly graceMs: number;
  /** A pull of which nothing was heard for so long is given up, */
  readonly silenceMs: number;
  /** and any that takes so long. */
  readonly pullMs: number;
}

const TIMING: MakingTiming = { callMs: 10_000, graceMs: 10_000, silenceMs: 60_000, pullMs: 30 * 60_000 };

/** The calls of the container API to one engine: those of MAKE_CALLS and no others. Every one ends, also by `close`. */
export class DockerContainerEngine implements ContainerEngine {
  readonly #docker: Docker;
  readonly #agent: Agent;
  readonly #timing: MakingTiming;
  readonly #closing = new AbortController();

  private constructor(docker: Docker, agent: Agent, timing: MakingTiming) {
    this.#docker = docker;
    this.#agent = agent;
    this.#timing = timing;
  }

  /** Sends nothing yet. @throws MakerError when the client certificates cannot be read */
  static async open(endpoint: EngineEndpoint, timing = TIMING): Promise<DockerContainerEngine> {
    try {
      const { docker, agent } = await openDockerClient(endpoint, MAKE_CALLS);
      return new DockerContainerEngine(docker, agent, timing);
    } catch (cause) {
      throw makerTrouble(cause, 'be connected to');
    }
  }

  async hasImage(reference: string): Promise<boolean> {
    const found = await this.#call('look for the image', [404], (abortSignal) =>
      this.#docker.getImage(reference).inspect({ abortSignal } as object),
    );
    return found !== undefined;
  }

  async pull(
    image: string,
    tag: string,
    { onProgress, signal }: { readonly onProgress: (progress: PullProgress) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const { silenceMs, pullMs } = this.#timing;
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new PullFailure('timeout: nothing was heard any more')), silenceMs);
    const end = AbortSignal.any([signal, this.#closing.signal, silence.signal, AbortSignal.timeout(pullMs)]);
    try {
      await boundedCall(async (abortSignal) => {
        const stream = await this.#docker.createImage({ fromImage: image, tag, abortSignal });
        stream.on('data', () => timer.refresh());
        await readPull(stream as Readable, onProgress);
      }, end);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const isAnswer = cause instanceof Error && 'statusCode' in cause && typeof cause.statusCode === 'number';
      // Before the first byte of progress an engine answers errors of the registry with a status.
      const failure = isAnswer && cause.statusCode !== 403 && cause.statusCode !== 401;
      throw makerTrouble(failure ? new PullFailure(cause.message, { cause }) : cause, 'pull the image');
    } finally {
      clearTimeout(timer);
    }
  }

  async create(plan: ContainerPlan): Promise<string> {
    try {
      const container = await this.#bounded((abortSignal) =>
        this.#docker.createContainer({ ...createOptions(plan), abortSignal }),
      );
      return container.id;
    } catch (cause) {
      if (statusOf(cause) !== 409) throw makerTrouble(cause, 'create a container');
      throw new MakerError('conflict', `another container is called ${plan.name}`, { cause });
    }
  }

  async start(id: string): Promise<void> {
    await this.#call('start the container', [304], (abortSignal) =>
      this.#docker.getContainer(id).start({ abortSignal }),
    );
  }

  async stop(id: string): Promise<void> {
    const { graceMs, callMs } = this.#timing;
    const stop = (abortSignal: AbortSignal): Promise<unknown> =>
      this.#docker.getContainer(id).stop({ t: graceMs / 1_000, abortSignal });
    await this.#call('stop the container', [304, 404], stop, graceMs + callMs);
  }

  async remove(id: string): Promise<void> {
    // 409: it is being removed already, because it has ended.
    await this.#call('remove the container', [404, 409], (abortSignal) =>
      this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    );
  }

  async labelled(label: string, value: string): Promise<ReadonlyMap<string, string>> {
    const filters = JSON.stringify({ label: [`${label}=${value}`] });
    const list = await this.#call('list containers', [], (abortSignal) =>
      this.#docker.listContainers({ all: true, filters, abortSignal }),
    );
    // The filter is the engine's; what is in the answer counts, in case that something between us and it left the filter out.
    const ours = (list ?? []).filter(({ Labels }) => Object.hasOwn(Labels, label) && Labels[label] === value);
    return new Map(ours.map(({ Id, State }) => [Id, State]));
  }

  close(): void {
    this.#closing.abort(new MakerError('unreachable', 'dproxy stops'));
    this.#agent.destroy();
  }

  /** Undefined where the engine answered with one of these. */
  async #call<T>(
    doing: string,
    statuses: readonly number[],
    start: (signal: AbortSignal) => Promise<T>,
    timeoutMs = this.#timing.callMs,
  ): Promise<T | undefined> {
    try {
      return await this.#bounded(start, timeoutMs);
    } catch (cause) {
      if (statuses.includes(statusOf(cause))) return undefined;
      throw makerTrouble(cause, doing);
    }
  }

  async #bounded<T>(start: (signal: AbortSignal) => Promise<T>, timeoutMs = this.#timing.callMs): Promise<T> {
    return await boundedCall(start, AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]));
  }
}

/** 0: none. */
function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
}
