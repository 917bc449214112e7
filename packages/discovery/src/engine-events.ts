import type { Readable } from 'node:stream';
import { signalNumber } from './stop-signal.ts';
import { readLines } from './read-lines.ts';

/** What an event tells us to look at again; the engine's answer then says what is true, not the event. */
export type EngineEvent =
  | { readonly type: 'container'; readonly id: string }
  | { readonly type: 'removed'; readonly id: string }
  | KillEvent
  | DieEvent
  | { readonly type: 'networks' }
  /** Something was said that cannot be read: only a new list can tell what. */
  | { readonly type: 'unreadable'; readonly reason: string };

/** A container gets a signal; it may have it already. */
export interface KillEvent {
  readonly type: 'killed';
  readonly id: string;
  /** As the event says it; 0: no signal that there is. A label of the container may have taken its place. */
  readonly signal: number;
  /** By the clock of the engine. */
  readonly atMs: number;
}

/** The program of a container has ended. */
export interface DieEvent {
  readonly type: 'died';
  readonly id: string;
  /** By the clock of the engine. */
  readonly atMs: number;
}

/** An event of an engine is below 4 KiB; labels of a container are in it, so there is room. */
const MAX_LINE_BYTES = 1_048_576;

const CONTAINER_ACTIONS: ReadonlySet<string> = new Set([
  'create',
  'start',
  'restart',
  'stop',
  'pause',
  'unpause',
  'rename',
  'update',
]);

/** Reads the engine's stream of JSON lines to its end; neither a huge nor a malformed line ends it. */
export async function* readEvents(stream: Readable): AsyncGenerator<EngineEvent> {
  for await (const { line, bytes } of readLines(stream, MAX_LINE_BYTES)) {
    const event = bytes > MAX_LINE_BYTES ? tooLong(bytes) : readEvent(line);
    if (event !== undefined) yield event;
  }
}

function tooLong(bytes: number): EngineEvent {
  return { type: 'unreadable', reason: `an event of ${bytes} bytes` };
}

/** Undefined for blank lines and for events that change nothing for a proxy (`exec_start`, `attach`, ...). */
export function readEvent(line: string): EngineEvent | undefined {
  if (line.trim() === '') return undefined;
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return { type: 'unreadable', reason: `an event that is not JSON: ${line.slice(0, 80)}` };
  }
  const type = part(event, 'Type');
  const action = part(event, 'Action');
  const actor = part(event, 'Actor');
  if (typeof type !== 'string' || typeof action !== 'string') {
    return { type: 'unreadable', reason: `an event without type or action: ${line.slice(0, 80)}` };
  }
  if (type === 'container' && action === 'kill') return killEvent(event, actor);
  if (type === 'container' && action === 'die') return dieEvent(event, part(actor, 'ID'));
  if (type === 'container') return containerEvent(action, part(actor, 'ID'));
  return type === 'network' ? networkEvent(action, part(part(actor, 'Attributes'), 'container')) : undefined;
}

function containerEvent(action: string, id: unknown): EngineEvent | undefined {
  const isHealth = action.startsWith('health_status');
  if (!isHealth && action !== 'destroy' && !CONTAINER_ACTIONS.has(action)) return undefined;
  if (typeof id !== 'string') return { type: 'unreadable', reason: `a ${action} without a container` };
  return { type: action === 'destroy' ? 'removed' : 'container', id };
}

/** One that does not say when is passed over: `die` comes all the same. */
function killEvent(event: unknown, actor: unknown): EngineEvent | undefined {
  const id = part(actor, 'ID');
  if (typeof id !== 'string') return { type: 'unreadable', reason: 'a kill without a container' };
  const said = part(part(actor, 'Attributes'), 'signal');
  const signal = (typeof said === 'string' ? signalNumber(said) : undefined) ?? 0;
  const atMs = timeOf(event);
  return atMs === undefined ? undefined : { type: 'killed', id, signal, atMs };
}

function dieEvent(event: unknown, id: unknown): EngineEvent {
  if (typeof id !== 'string') return { type: 'unreadable', reason: 'a die without a container' };
  const atMs = timeOf(event);
  return atMs === undefined ? { type: 'container', id } : { type: 'died', id, atMs };
}

/** Where only seconds are told, the end of that second: a kill comes after the start of what it kills. */
function timeOf(event: unknown): number | undefined {
  const [nanoseconds, seconds] = [part(event, 'timeNano'), part(event, 'time')];
  if (typeof nanoseconds === 'number') return nanoseconds / 1_000_000;
  return typeof seconds === 'number' ? seconds * 1_000 + 999 : undefined;
}

function networkEvent(action: string, id: unknown): EngineEvent | undefined {
  if (action === 'create' || action === 'destroy' || action === 'remove') return { type: 'networks' };
  if (action !== 'connect' && action !== 'disconnect') return undefined;
  return typeof id === 'string'
    ? { type: 'container', id }
    : { type: 'unreadable', reason: `a ${action} without a container` };
}

function part(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
