import type { Readable } from 'node:stream';
import type { PullProgress } from '@dproxy/core';
import { readLines } from '../read-lines.ts';

const MAX_LINE_BYTES = 65_536;
/** Images have 127 layers at most. */
const MAX_LAYERS = 256;
const FINISHED: ReadonlySet<unknown> = new Set(['Pull complete', 'Already exists']);
const NOT_A_LAYER = /^(?:Pulling from|Digest:|Status:)/;

interface Layer {
  isFinished: boolean;
  bytes: number;
  totalBytes: number;
}

/** What an engine says in its stream while it pulls, which it answers with 200 whatever comes. */
export class PullFailure extends Error {
  override readonly name = 'PullFailure';
}

/**
 * Reads the JSON lines of `POST /images/create` to their end.
 * @throws PullFailure with the engine's words, which may name hosts and addresses of its network
 */
export async function readPull(stream: Readable, onProgress: (progress: PullProgress) => void): Promise<void> {
  const layers = new Map<string, Layer>();
  for await (const { line } of readLines(stream, MAX_LINE_BYTES)) {
    if (line.trim() === '') continue;
    const said = parse(line);
    if (said['error'] !== undefined) throw new PullFailure(JSON.stringify(said['error']).slice(0, 500));
    if (!noteLayer(layers, said)) continue;
    onProgress(progressOf(layers));
  }
}

/** @returns false when it was about no layer */
function noteLayer(layers: Map<string, Layer>, { id, status, progressDetail }: Said): boolean {
  if (typeof id !== 'string' || typeof status !== 'string' || NOT_A_LAYER.test(status)) return false;
  if (!layers.has(id) && layers.size >= MAX_LAYERS) return false;
  const layer = layers.get(id) ?? { isFinished: false, bytes: 0, totalBytes: 0 };
  layers.set(id, layer);
  if (FINISHED.has(status)) {
    layer.isFinished = true;
    layer.bytes = layer.totalBytes;
  }
  // What is extracted was loaded and is counted anew.
  if (status !== 'Downloading' || typeof progressDetail !== 'object' || progressDetail === null) return true;
  const { current, total } = progressDetail as { readonly current?: unknown; readonly total?: unknown };
  layer.totalBytes = count(total);
  layer.bytes = Math.min(count(current), layer.totalBytes);
  return true;
}

function progressOf(layers: ReadonlyMap<string, Layer>): PullProgress {
  const all = [...layers.values()];
  return {
    layers: all.length,
    finishedLayers: all.filter(({ isFinished }) => isFinished).length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    totalBytes: all.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
  };
}

interface Said {
  readonly [key: string]: unknown;
}

function parse(line: string): Said {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch (cause) {
    throw new PullFailure('a line that is not JSON', { cause });
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    throw new PullFailure('a line that is no object');
  return said as Said;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
