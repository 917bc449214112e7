import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { eventually, tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { EngineConnection } from './engine-connection.ts';
import { EngineMirror } from './engine-mirror.ts';
import { EngineSession } from './engine-session.ts';

const ID = 'f'.repeat(64);
const NOW = new Date(2_000).toISOString();

/** An engine with one container, which runs all the time as it says. */
class ToyEngine {
  /** What an inspection says of its state. */
  status = 'running';
  #stream: ServerResponse | undefined;
  readonly #server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/events') {
      this.#stream = response;
      response.flushHeaders();
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.#answer(path ?? '')));
    }
  });

  async listen(socketPath: string): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(socketPath, resolve));
  }

  tell(event: object): void {
    this.#stream?.write(`${JSON.stringify(event)}\n`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #answer(path: string): unknown {
    if (path === '/containers/json') return [{ Id: ID, Names: ['/web'], State: 'running' }];
    if (path === '/networks') return [];
    if (path !== `/containers/${ID}/json`) return {};
    const [State, Config] = [{ Status: this.status, StartedAt: NOW }, { ExposedPorts: { '80/tcp': {} } }];
    const Networks = { bridge: { NetworkID: 'n', IPAddress: '172.17.0.2' } };
    return { Id: ID, Name: '/web', Created: NOW, State, Config, NetworkSettings: { Networks } };
  }
}

test('a container that has ended is looked at again though the first look could not be read', async () => {
  await using folder = await tempFolder();
  const socketPath = join(folder.path, 'engine.sock');
  const engine = new ToyEngine();
  await engine.listen(socketPath);
  const endpoint = { name: 'toy', socketPath, host: '', port: 0, tls: null };
  const mirror = new EngineMirror(endpoint, {
    trustImages: false,
    exposedByDefault: true,
    dialects: {},
    listeners: ['http'],
    ownContainerId: '',
    hostReachesBridges: true,
  });
  const connection = await EngineConnection.open(endpoint, 5_000);
  const nothing = (): void => undefined;
  const hooks = { onSynced: nothing, onChange: nothing, onDrain: nothing };
  const session = new EngineSession({ connection, mirror, log: silentLog, pingEveryMs: 10, ...hooks });
  const ended = session.run().catch((error: unknown) => String(error));
  const state = (): unknown => mirror.views()[0]?.state;
  await eventually(() => state() === 'running');
  engine.status = 'on its way';
  engine.tell({ Type: 'container', Action: 'die', Actor: { ID }, timeNano: 3_000_000_000 });
  await eventually(() => mirror.state().rejected.length > 0);
  expect(state()).toBe('exited');
  engine.status = 'running';
  await eventually(() => state() === 'running');
  await engine.close();
  expect(await ended).toContain('Error');
});
