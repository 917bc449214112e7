import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';

interface Service {
  readonly [key: string]: unknown;
  readonly volumes: readonly string[];
}

interface ComposeFile {
  readonly services: { readonly dproxy: Service };
  readonly networks: Readonly<Record<string, { readonly name: string } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export async function readCompose(path: string): Promise<ComposeFile> {
  return load(await readFile(path, 'utf8')) as ComposeFile;
}

type Translate = (value: never) => readonly string[];
const each =
  (flag: string): ((values: readonly string[]) => readonly string[]) =>
  (values) =>
    values.map((value) => `${flag}=${value}`);

/** `docker run` flags for keys of a compose service; what compose reads beside them is named, so that a slip is found. */
const FLAGS: Readonly<Record<string, Translate>> = {
  init: (value: boolean) => [`--init=${value}`],
  restart: (value: string) => [`--restart=${value}`],
  stop_grace_period: (value: string) => [`--stop-timeout=${Number.parseInt(value, 10)}`],
  sysctls: (values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([name, value]) => `--sysctl=${name}=${value}`),
  cap_drop: each('--cap-drop'),
  cap_add: each('--cap-add'),
  security_opt: each('--security-opt'),
  read_only: (value: boolean) => [`--read-only=${value}`],
  tmpfs: each('--tmpfs'),
  volumes: each('--volume'),
  environment: (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `--env=${name}=${value}`),
};

/** Keys that a test replaces by its own. */
const REPLACED = new Set(['image', 'build', 'container_name', 'ports', 'networks']);

/** @throws Error for a key that is neither translated nor replaced */
export function runFlags(service: Service): string[] {
  return Object.entries(service).flatMap(([key, value]) => {
    if (REPLACED.has(key)) return [];
    const translate = FLAGS[key];
    if (translate === undefined) throw new Error(`compose.yml: ${key} is not known here`);
    return translate(value as never);
  });
}
