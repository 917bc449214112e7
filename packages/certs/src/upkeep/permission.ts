import type { OnDemandSettings, Scheduler } from '@dproxy/config';

const ASK_TIMEOUT_MS = 3_000;
const YES_MS = 3_600_000;
const NO_MS = 300_000;
const MAX_ANSWERS = 10_000;

/** - `unknown`: who should be asked did not answer */
export type Permission = 'yes' | 'no' | 'unknown';

/** Whether a GET of this URL is answered with 2xx. @throws when there is no answer */
export type Ask = (url: string, timeoutMs: number) => Promise<boolean>;

export const askOverHttp: Ask = async (url, timeoutMs) => {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
  await response.body?.cancel();
  return response.ok;
};

interface Answer {
  readonly permission: Permission;
  readonly untilMs: number;
}

/** What `acme.onDemand` says to a name. Both conditions must hold where both are given. */
export class Permissions {
  readonly #scheduler: Scheduler;
  readonly #ask: Ask;
  readonly #answers = new Map<string, Answer>();
  #settings: OnDemandSettings | undefined;

  constructor(scheduler: Scheduler, ask: Ask) {
    this.#scheduler = scheduler;
    this.#ask = ask;
  }

  follow(settings: OnDemandSettings | undefined): void {
    this.#settings = settings;
    this.#answers.clear();
  }

  get isOn(): boolean {
    return this.#settings !== undefined;
  }

  /** By the list alone: what it does not allow is not even asked about. */
  isListed(name: string): boolean {
    const allow = this.#settings?.allow ?? [];
    return this.#settings !== undefined && (allow.length === 0 || allow.some((pattern) => fits(pattern, name)));
  }

  /** What is known without asking. */
  known(name: string): Permission | undefined {
    if (!this.isListed(name)) return 'no';
    if (this.#settings?.ask === '') return 'yes';
    const answer = this.#answers.get(name);
    const nowMs = this.#scheduler.nowMs();
    const isCurrent = answer !== undefined && answer.untilMs > nowMs && answer.untilMs <= nowMs + YES_MS;
    return isCurrent ? answer.permission : undefined;
  }

  async ask(name: string): Promise<Permission> {
    const known = this.known(name);
    if (known !== undefined) return known;
    const url = new URL(this.#settings?.ask ?? '');
    url.searchParams.set('domain', name);
    let permission: Permission;
    try {
      permission = (await this.#ask(url.href, ASK_TIMEOUT_MS)) ? 'yes' : 'no';
    } catch {
      // Kept as an answer, so that a server that is down is not asked for each handshake.
      permission = 'unknown';
    }
    this.#remember(name, permission);
    return permission;
  }

  #remember(name: string, permission: Permission): void {
    const untilMs = this.#scheduler.nowMs() + (permission === 'yes' ? YES_MS : NO_MS);
    this.#answers.delete(name);
    this.#answers.set(name, { permission, untilMs });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** As hosts of routes: a wildcard takes any depth below. */
function fits(pattern: string, name: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : pattern === name;
}
