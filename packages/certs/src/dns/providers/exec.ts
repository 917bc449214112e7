// lego's exec: https://go-acme.github.io/lego/dns/exec/
import { IssueError } from '../../ports.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { redact } from '../redact.ts';
import { runProgram, type ProgramRun } from './run-program.ts';

/** What programs need to run at all. dproxy's own environment has tokens that are no business of a hook. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

export class Exec implements DnsProvider {
  readonly #context: ProviderContext;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  async add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#context.turns.take(() => this.#run('present', record, signal));
  }

  async remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#context.turns.take(() => this.#run('cleanup', record, signal));
  }

  async #run(action: 'present' | 'cleanup', record: TxtRecord, signal: AbortSignal): Promise<void> {
    const { option, timeoutMs, log } = this.#context;
    const path = option('path');
    const { name, value, host, token, keyAuthorization } = record;
    const isRaw = option('mode').toUpperCase() === 'RAW';
    // A token may begin with a dash: after -- it is no option.
    const args = isRaw ? ['--', host, token, keyAuthorization] : [`${name}.`, value];
    const { env, secrets } = this.#environment();
    let run: ProgramRun;
    try {
      run = await runProgram(path, [action, ...args], { env, timeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      const code = (error as NodeJS.ErrnoException).code ?? '';
      throw new IssueError('misconfigured', `${path} cannot be run: ${code}`, {
        advice: 'acme.dns.path must be a program that dproxy may execute.',
        cause: error,
      });
    }
    const output = redact(run.output, secrets);
    log.debug({ path, action, name, end: run.end, output }, 'ran the DNS hook');
    if (run.end === 0) return;
    const why = run.isTimeout ? `did not end within ${timeoutMs} ms` : `ended with ${run.end}`;
    throw new IssueError('misconfigured', `${path} ${action} ${why} for ${name}${output === '' ? '' : `: ${output}`}`, {
      advice: 'Run the program by hand with these arguments; it must exit with 0.',
    });
  }

  #environment(): { env: Record<string, string>; secrets: readonly string[] } {
    const { option, env, secrets } = this.#context;
    const asked = option('passEnv')
      .split(',')
      .map((name) => name.trim());
    const given: Record<string, string> = {};
    for (const name of [...PASSED, ...asked]) {
      const value = env[name];
      if (value !== undefined && name !== '') given[name] = value;
    }
    // Whoever names a variable for the hook mostly names a credential.
    const hidden = asked.flatMap((name) => given[name] ?? []).filter((value) => value.length >= 6);
    return { env: given, secrets: [...secrets, ...hidden] };
  }
}
