import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What is in a lock file. All but `beat` and `state` stay as they are while it is held. */
export interface LeaseRecord {
  /** Another one for each acquisition. */
  readonly owner: string;
  /** Counts the heartbeats; always the same number of digits, so that it is written over in place. */
  readonly beat: string;
  readonly state: 'held' | 'free';
  readonly pid: number;
  /** Of the process, in ticks since the boot: a pid is given again. Empty where the system does not tell. */
  readonly startTime: string;
  readonly bootId: string;
  /** Two containers on one volume share a boot, not their pids. */
  readonly pidNamespace: string;
  /** For people. */
  readonly host: string;
  readonly key: string;
}

const BEAT_DIGITS = 12;
const MAX_KEY = 200;

export async function newRecord(key: string): Promise<LeaseRecord> {
  const [startTime, bootId, pidNamespace] = await Promise.all([
    readStartTime(process.pid),
    readOr(readFile('/proc/sys/kernel/random/boot_id', 'utf8'), ''),
    readOr(readlink('/proc/self/ns/pid'), ''),
  ]);
  return {
    owner: randomUUID(),
    beat: toBeat(0),
    state: 'held',
    pid: process.pid,
    startTime,
    bootId: bootId.trim(),
    pidNamespace,
    host: hostname(),
    key: key.slice(0, MAX_KEY),
  };
}

export function toBeat(count: number): string {
  return String(count).padStart(BEAT_DIGITS, '0');
}

export function formatRecord(record: LeaseRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Undefined: empty, or half written. */
export function parseRecord(text: string): LeaseRecord | undefined {
  try {
    const { owner, state, pid, ...rest } = (JSON.parse(text) ?? {}) as Partial<LeaseRecord>;
    if (typeof owner !== 'string' || !Number.isSafeInteger(pid) || Number(pid) < 1) return undefined;
    if (state !== 'held' && state !== 'free') return undefined;
    const { beat, startTime, bootId, pidNamespace, host, key } = rest;
    const texts = { beat, startTime, bootId, pidNamespace, host, key };
    if (Object.values(texts).some((value) => typeof value !== 'string')) return undefined;
    return { owner, state, pid, ...texts } as LeaseRecord;
  } catch {
    return undefined;
  }
}

/**
 * - `dead`: its process was of this boot and of our pid namespace, and has ended
 * - `alive`: likewise, and it runs
 * - `unknown`: of another machine, container or boot; only its heartbeat tells
 */
export async function holderState(holder: LeaseRecord, self: LeaseRecord): Promise<'dead' | 'alive' | 'unknown'> {
  const isNeighbour =
    holder.bootId !== '' && holder.bootId === self.bootId && holder.pidNamespace === self.pidNamespace;
  if (!isNeighbour || holder.pidNamespace === '' || holder.startTime === '') return 'unknown';
  if (!isThere(holder.pid)) return 'dead';
  const startTime = await readStartTime(holder.pid);
  if (startTime === '') return 'unknown';
  return startTime === holder.startTime ? 'alive' : 'dead';
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    // EPERM: it runs, as another user; that /proc may hide it (hidepid) must not make it dead.
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** proc(5): the second field is the name in brackets and may hold anything; starttime is the 22nd. */
async function readStartTime(pid: number): Promise<string> {
  const stat = await readOr(readFile(`/proc/${pid}/stat`, 'utf8'), '');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z') return 'ended';
  return fields[18] ?? '';
}

/** Systems without /proc: their holders are judged by the heartbeat alone. */
async function readOr(reading: Promise<string>, otherwise: string): Promise<string> {
  return await reading.catch(() => otherwise);
}
