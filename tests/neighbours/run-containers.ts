import { once } from 'node:events';
import { createConnection } from 'node:net';
import { eventually } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, type DockerContainer, type EngineAccess } from '@dproxy/testkit/docker';
import type { Example, ExampleContainer } from './example.ts';

/** More at once make a machine with two cores no faster. */
const LANES = 8;

/**
 * Runs the containers of all examples but those that sleep, and resolves when each of them takes connections. Those of one example start one after
 * another: the oldest is the first one there, as it is for replicas and what differs between them.
 */
export async function runContainers(engine: EngineAccess, examples: readonly Example[]): Promise<void> {
  const left = apart(examples).values();
  const lane = async (): Promise<void> => {
    for (const containers of left) {
      const running = await inTurn(engine, containers);
      await Promise.all(running.map(([spec, container]) => whenListening(spec, container)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The containers of each example, without those that an earlier one has. */
function apart(examples: readonly Example[]): readonly (readonly ExampleContainer[])[] {
  const shared = new Map<string, ExampleContainer>();
  for (const container of examples.flatMap(({ containers }) => containers)) {
    const { name, labels } = container;
    shared.set(name, { ...container, labels: { ...shared.get(name)?.labels, ...labels } });
  }
  return examples.map(({ containers }) =>
    containers.flatMap(({ name }) => {
      const container = shared.get(name);
      shared.delete(name);
      return container === undefined ? [] : [container];
    }),
  );
}

type Running = readonly [ExampleContainer, DockerContainer];

async function inTurn(engine: EngineAccess, containers: readonly ExampleContainer[]): Promise<readonly Running[]> {
  const running: Running[] = [];
  for (const spec of containers)
    running.push([spec, await runContainer(engine, { ...spec, start: spec.isAsleep !== true })]);
  return running;
}

async function whenListening(spec: ExampleContainer, container: DockerContainer): Promise<void> {
  const { name, image, env, isAsleep } = spec;
  if (isAsleep === true) return;
  const { NetworkSettings } = await container.inspect();
  const [network] = Object.values(NetworkSettings.Networks);
  const host = network?.IPAddress ?? '';
  const ports = image === BUSYBOX_IMAGE ? '80' : (env?.['PORT'] ?? '80');
  await Promise.all(
    ports.split(',').map((port) => eventually(() => accepts(host, Number(port)), { what: `${name} on ${port}` })),
  );
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = createConnection({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
