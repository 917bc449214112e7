import { MakerError, type ContainerEngine, type PullProgress } from '@dproxy/core';
import type { Entry } from './entry.ts';

export interface MakeOptions {
  readonly engine: ContainerEngine;
  readonly label: readonly [name: string, value: string];
  readonly memoryBytes: number;
  readonly maxProcesses: number;
  /** Asked again after a pull, which may take long enough for the settings to change. @throws MakerError */
  readonly assertAllowed: () => void;
  /** The entry has an id now, which must not be forgotten. */
  readonly onCreated: () => Promise<void>;
}

/**
 * Pulls, creates, starts; the entry says how far it is. Until its end it can be given up by the entry's signal.
 * @throws MakerError and leaves no container, unless that cannot be removed either
 */
export async function makeOnEngine(entry: Entry, options: MakeOptions): Promise<void> {
  const { engine } = options;
  const { image, tag } = entry.order;
  if (!(await engine.hasImage(`${image}:${tag}`))) {
    const onProgress = (progress: PullProgress): void => void (entry.pull = progress);
    await engine.pull(image, tag, { onProgress, signal: entry.end.signal });
  }
  entry.end.signal.throwIfAborted();
  options.assertAllowed();
  await create(entry, options);
  await start(entry, options);
  const state = (await engine.labelled(...options.label)).get(entry.id);
  if (state !== 'running') throw new MakerError('engine', 'the container ended as soon as it was started');
  entry.phase = 'done';
}

async function create(
  entry: Entry,
  { engine, label: [label, value], memoryBytes, maxProcesses, onCreated }: MakeOptions,
): Promise<void> {
  const { image, tag, name } = entry.order;
  entry.phase = 'creating';
  const labels = { [label]: value };
  entry.id = await engine.create({ name, reference: `${image}:${tag}`, labels, memoryBytes, maxProcesses });
  await onCreated();
}

async function start(entry: Entry, { engine }: MakeOptions): Promise<void> {
  entry.phase = 'starting';
  try {
    entry.end.signal.throwIfAborted();
    await engine.start(entry.id);
  } catch (error) {
    // It would stay as `created` for ever: only one that has run is removed by the engine.
    await engine.remove(entry.id);
    throw error;
  }
}
