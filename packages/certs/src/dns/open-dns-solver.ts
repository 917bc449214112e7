import { Resolver } from 'node:dns';
import { type DnsSettings, type Environment, formatProblem } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import { IssueError, type ChallengeAnswer, type ChallengeSolver } from '../ports.ts';
import { confirmPropagation } from './confirm-propagation.ts';
import type { ProviderContext, TxtRecord } from './dns-provider.ts';
import { followAlias, AliasLoop, type RecordPlace } from './lookup/follow-alias.ts';
import { LookupFailed } from './lookup/resolvers.ts';
import { PROVIDERS } from './providers.ts';
import { readDnsOptions, type DnsOptions } from './read-options.ts';
import { Turns } from './turns.ts';
import { parseServerAddress, type ServerAddress } from './wire/server-address.ts';
import { ZoneMemory } from './zone-memory.ts';

export interface DnsSolverOptions {
  /** `acme.resolvers`: asked instead of the system's, and must have the record, too. */
  readonly resolvers: readonly string[];
  /** Where options come from that the settings do not have. */
  readonly env: Environment;
  readonly log: Log;
  /** Epoch milliseconds, for signatures. Default: the clock. */
  readonly nowMs?: () => number;
  /** `address:port`, asked where there are no `resolvers`. Default: those of the system, read anew each time. */
  readonly systemResolvers?: readonly string[];
  /** Port of authoritative name servers. Default 53. */
  readonly authoritativePort?: number;
  /** How long removing a record may take, in milliseconds. Default: 2 minutes. */
  readonly withdrawMs?: number;
}

type DnsAnswer = Extract<ChallengeAnswer, { type: 'dns-01' }>;

/** Cleaning up must end, even when nobody waits for it. */
const WITHDRAW_MS = 120_000;
const MAX_PLACES = 1_000;

/** Never throws: what is wrong with the settings is the IssueError of `present`, and `validateDnsSettings` tells it before. */
export function openDnsSolver(settings: DnsSettings, options: DnsSolverOptions): ChallengeSolver {
  return new DnsSolver(settings, options);
}

class DnsSolver implements ChallengeSolver {
  readonly #settings: DnsSettings;
  readonly #options: DnsSolverOptions;
  readonly #nowMs: () => number;
  readonly #zones: ZoneMemory;
  readonly #turns = new Turns();
  /** Where the records of answers are: an alias may be gone when they are withdrawn. */
  readonly #places = new Map<string, RecordPlace>();

  constructor(settings: DnsSettings, options: DnsSolverOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#zones = new ZoneMemory(this.#nowMs);
  }

  async present(answer: ChallengeAnswer, signal: AbortSignal): Promise<void> {
    const wanted = requireDns(answer);
    try {
      await this.#present(wanted, signal);
    } catch (error) {
      throw withHost(error, wanted.host);
    }
  }

  async withdraw(answer: ChallengeAnswer): Promise<void> {
    const wanted = requireDns(answer);
    try {
      await this.#withdraw(wanted);
    } catch (error) {
      throw withHost(error, wanted.host);
    }
  }

  async #present(wanted: DnsAnswer, signal: AbortSignal): Promise<void> {
    const read = this.#readOptions();
    const place = await this.#locate(wanted, signal);
    const record = recordOf(wanted, place);
    const provider = this.#openProvider(read);
    // What is never withdrawn must not gather for ever; a forgotten place is looked up again.
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(keyOf(wanted), place);
    await provider.add(record, signal);
    const { log } = this.#options;
    log.info({ provider: read.provider, name: record.name, host: wanted.host }, 'made the TXT record of a challenge');
    if (read.values.get('propagationCheck') === 'false') return;
    const deadlineMs = Number(read.values.get('propagationMs'));
    await confirmPropagation(record, {
      place,
      resolvers: this.#options.resolvers.flatMap(toServer),
      deadlineMs,
      signal,
    });
  }

  async #withdraw(wanted: DnsAnswer): Promise<void> {
    const read = this.#readOptions();
    const signal = AbortSignal.timeout(this.#options.withdrawMs ?? WITHDRAW_MS);
    try {
      const place = this.#places.get(keyOf(wanted)) ?? (await this.#locate(wanted, signal));
      await this.#openProvider(read).remove(recordOf(wanted, place), signal);
      this.#places.delete(keyOf(wanted));
    } catch (error) {
      if (!signal.aborted) throw error;
      const message = `${read.title} did not remove the TXT record ${wanted.recordName} in time`;
      throw new IssueError('unreachable', message, { advice: 'Remove it by hand; it does no harm.', cause: error });
    }
  }

  #readOptions(): DnsOptions {
    const read = readDnsOptions(this.#settings, this.#options.env);
    if ('options' in read) return read.options;
    const [first] = read.problems;
    throw new IssueError('misconfigured', read.problems.map(formatProblem).join(' '), { advice: first?.fix ?? '' });
  }

  #openProvider({ provider, title, values, secrets }: DnsOptions) {
    const context: ProviderContext = {
      title,
      secrets,
      option: (name) => values.get(name) ?? '',
      ttl: Number(values.get('ttl')),
      timeoutMs: Number(values.get('timeoutMs')),
      env: this.#options.env,
      log: this.#options.log,
      nowMs: this.#nowMs,
      zones: this.#zones,
      turns: this.#turns,
    };
    return PROVIDERS[provider](context);
  }

  async #locate({ recordName }: DnsAnswer, signal: AbortSignal): Promise<RecordPlace> {
    const { resolvers, systemResolvers = new Resolver().getServers(), authoritativePort = 53 } = this.#options;
    const asked = (resolvers.length > 0 ? resolvers : systemResolvers).flatMap(toServer);
    try {
      return await followAlias(recordName, { resolvers: asked, port: authoritativePort }, signal);
    } catch (error) {
      if (error instanceof AliasLoop) {
        throw new IssueError('misconfigured', error.message, {
          advice: 'Correct these CNAME records.',
          cause: error,
        });
      }
      if (!(error instanceof LookupFailed)) throw error;
      // The provider's own zones still say where the record belongs; only aliases need the lookup.
      this.#options.log.warn({ name: recordName, reason: error.message }, 'could not look for CNAME records');
      return { name: recordName, zone: undefined, isReachable: false };
    }
  }
}

function requireDns(answer: ChallengeAnswer): DnsAnswer {
  if (answer.type === 'dns-01') return answer;
  throw new IssueError('internal', `the DNS solver was given a challenge of type ${answer.type}`, {
    advice: 'Report this.',
    host: answer.host,
  });
}

/** Providers do not know for which name of the order a record is. */
function withHost(error: unknown, host: string): unknown {
  if (!(error instanceof IssueError) || error.host !== '') return error;
  const { problem, message, advice, retryAfterMs, cause } = error;
  return new IssueError(problem, message, { advice, retryAfterMs, host, cause });
}

function recordOf({ recordValue, host, token, keyAuthorization }: DnsAnswer, { name, zone }: RecordPlace): TxtRecord {
  const bare = host.replace(/^\*\./, '');
  return { name, value: recordValue, zone: zone?.apex ?? '', host: bare, token, keyAuthorization };
}

function keyOf({ recordName, recordValue }: DnsAnswer): string {
  return `${recordName} ${recordValue}`;
}

function toServer(text: string): ServerAddress[] {
  const server = parseServerAddress(text);
  return server === undefined ? [] : [server];
}
