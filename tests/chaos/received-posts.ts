import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What all origins together have got: the file that container-origin.ts appends to, mounted into each of them. */
export class ReceivedPosts {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(folder: string): Promise<ReceivedPosts> {
    await mkdir(folder);
    await writeFile(join(folder, 'ids'), '');
    return new ReceivedPosts(folder);
  }

  /** Ids that came more than once, each with the names of who got it. */
  async twice(): Promise<readonly string[]> {
    return [...(await this.#byId())].flatMap(([id, names]) => (names.length > 1 ? [`${id}: ${names.join(' ')}`] : []));
  }

  async count(): Promise<number> {
    return (await this.#byId()).size;
  }

  async #byId(): Promise<ReadonlyMap<string, readonly string[]>> {
    const received = new Map<string, string[]>();
    for (const line of (await readFile(join(this.folder, 'ids'), 'utf8')).trimEnd().split('\n')) {
      const [id = '', name = ''] = line.split(' ');
      if (id !== '') received.set(id, [...(received.get(id) ?? []), name]);
    }
    return received;
  }
}
