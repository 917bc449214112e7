import { describeValue } from '../schema/explain-issue.ts';
import type { Read } from '../schema/field.ts';
import type { Problem } from './settings.ts';
import { VARIABLES, type Flags, type VariableName } from './variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Something that was said, and where. */
export interface Said {
  readonly value: string;
  /** `--port` or `DOCKER_PROXY_PORT`. */
  readonly path: string;
}

/** Flags before variables; collects what is wrong instead of stopping at the first. */
export class Inputs {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  readonly #env: Environment;
  readonly #flags: Flags;

  constructor(env: Environment, flags: Flags) {
    this.#env = env;
    this.#flags = flags;
  }

  /** Empty counts as not said: compose files write `PORT=${PORT}`. */
  said(name: VariableName): Said | undefined {
    const { names, flag } = VARIABLES[name];
    const given = this.#flags[name];
    if (given !== undefined && given !== '') return { value: given, path: flag };
    const found = names.find((variable) => (this.#env[variable] ?? '') !== '');
    return found === undefined ? undefined : { value: this.#env[found] ?? '', path: found };
  }

  /** Set to nothing, which is more than not set. */
  isSetEmpty(name: VariableName): boolean {
    return VARIABLES[name].names.some((variable) => this.#env[variable] === '');
  }

  /** Reads one value; a bad one is a problem and counts as not said. */
  read<T>(name: VariableName, expected: string, read: (raw: string) => Read<T>): T | undefined {
    const said = this.said(name);
    if (said === undefined) return undefined;
    const result = read(said.value.trim());
    if ('value' in result) return result.value;
    // A token must not get into the log, not even a bad one.
    const got = name === 'apiToken' ? 'a text' : describeValue(said.value);
    this.problems.push({
      path: said.path,
      got: `${got} (${result.problem})`,
      expected,
      fix: `Correct or unset ${said.path}.`,
    });
    return undefined;
  }
}
