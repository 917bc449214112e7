// testssl.sh, which looks at a port from outside and writes down what it found.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { runProgram } from '../product/product.ts';

export interface Finding {
  readonly id: string;
  /** `OK`, `INFO`, `WARN` (could not be looked at), `LOW`, `MEDIUM`, `HIGH`, `CRITICAL` or `FATAL`. */
  readonly severity: string;
  readonly finding: string;
}

export interface JudgeOptions {
  readonly port: number;
  /** Sent as SNI and Host; the port is looked for on 127.0.0.1. */
  readonly name: string;
  /** PEM of a root that the judge trusts. */
  readonly caFile: string;
  /** Sections, as `-p` (protocols) or `-U` (vulnerabilities). */
  readonly sections: readonly string[];
}

const OPENSSL = join(import.meta.dirname, 'patient-openssl.sh');

/** @throws Error with what it printed when it did not come to its end */
export async function judge({ port, name, caFile, sections }: JudgeOptions): Promise<Findings> {
  await using folder = await tempFolder('dp-');
  const file = join(folder.path, 'findings.json');
  // Neither questions nor name servers: the namespace of the tests has no network.
  const manner = ['--quiet', '--color', '0', '--warnings', 'batch', '--ip', '127.0.0.1', '--nodns', 'none'];
  const args = [
    ...manner,
    '--openssl',
    OPENSSL,
    '--add-ca',
    caFile,
    '--jsonfile',
    file,
    ...sections,
    `${name}:${port}`,
  ];
  const { PATH = '' } = process.env;
  const { stdout, stderr } = await runProgram(['/usr/bin/testssl', ...args], { env: { PATH, HOME: folder.path } });
  // Its exit code counts findings; only the last of them says that it came so far.
  const list = JSON.parse(await readFile(file, 'utf8')) as Finding[];
  if (list.at(-1)?.id !== 'scanTime') throw new Error(`testssl did not finish:\n${stdout}${stderr}`);
  return new Findings(list);
}

const BAD = new Set(['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL']);

export class Findings {
  readonly list: readonly Finding[];

  constructor(list: readonly Finding[]) {
    this.list = list;
  }

  /** What was found under these ids; null where nothing was. */
  of(...ids: readonly string[]): Record<string, string | null> {
    return Object.fromEntries(ids.map((id) => [id, this.list.find((entry) => entry.id === id)?.finding ?? null]));
  }

  /** Ids of MEDIUM or worse. */
  get bad(): string[] {
    return this.list.filter(({ severity }) => BAD.has(severity)).map(({ id }) => id);
  }

  /** Ids of what could not be looked at. */
  get unseen(): string[] {
    return this.list.filter(({ severity }) => severity === 'WARN').map(({ id }) => id);
  }
}
