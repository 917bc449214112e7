// Leases among real processes.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { eventually, tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';

const CHILD = join(import.meta.dirname, 'store-child.ts');

/** A process that asks for the lease, says what it got, and holds it until it is told to end. */
class Holder implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  output = '';

  constructor(directory: string) {
    this.#child = spawn(process.execPath, [CHILD, 'hold', directory, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async answer(): Promise<string> {
    return await eventually(() => /^(held|refused)$/m.exec(this.output)?.[1], { deadlineMs: 90_000 });
  }

  async end(): Promise<void> {
    this.#child.stdin.write('end\n');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

it('of four processes that ask at once one gets it', async () => {
  await using folder = await tempFolder();
  await using stack = new AsyncDisposableStack();
  const holders = Array.from({ length: 4 }, () => stack.use(new Holder(join(folder.path, 'certificates'))));
  const answers = await Promise.all(holders.map((holder) => holder.answer()));
  expect(answers.toSorted()).toEqual(['held', ...Array.from({ length: 3 }, () => 'refused')]);
});

it('of a killed process goes to the next one at once; of one that lives it is refused until it is given back', async () => {
  await using folder = await tempFolder();
  const directory = join(folder.path, 'certificates');
  const killed = new Holder(directory);
  expect(await killed.answer()).toBe('held');
  await killed[Symbol.asyncDispose]();
  await using second = new Holder(directory);
  expect(await second.answer()).toBe('held');
  await using third = new Holder(directory);
  expect(await third.answer()).toBe('refused');
  await second.end();
  await using fourth = new Holder(directory);
  expect(await fourth.answer()).toBe('held');
});
