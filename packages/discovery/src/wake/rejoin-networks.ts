import type { SeenContainer, WantedNetwork } from './wake-engine.ts';
import { WakeTrouble } from './wake-trouble.ts';

export interface FoundNetwork {
  readonly id: string;
  /** Compose project that it belongs to; empty: none. */
  readonly project: string;
}

/** The networks of one engine. */
export interface Networks {
  /** Undefined: there is none of this name. */
  find(name: string): Promise<FoundNetwork | undefined>;
  /** @returns its id; empty: it was there already */
  create(name: string, labels: Readonly<Record<string, string>>): Promise<string>;
  /** Lets the container into it; one that is in it already stays. */
  connect(name: string, aliases: readonly string[]): Promise<void>;
}

/**
 * Makes a container startable whose networks were removed, or from which it was taken, while it slept (`docker network prune`,
 * Docksal's own idle stop). It remembers the id of each network: one with the same name and another id is as good as gone to the
 * engine, until the container is connected to it again. Without any, the engine starts it cut off from everything.
 *
 * A network of that name which belongs to another compose project now is not joined: a container that slept through the end of one
 * tenant's network, or was taken out of it on purpose, must not wake up among the containers of another tenant.
 * @throws WakeTrouble when one is gone that dproxy may not make, or is another project's
 */
export async function rejoinNetworks({ networks, project }: SeenContainer, engine: Networks): Promise<void> {
  // One after another: their order is the order of its interfaces.
  // oxlint-disable-next-line no-await-in-loop -- see above
  for (const network of networks) await rejoin(network, project, engine);
}

async function rejoin(
  { name, id, isJoined, aliases }: WantedNetwork,
  project: string,
  engine: Networks,
): Promise<void> {
  const found = await engine.find(name);
  if (found === undefined) await engine.create(name, labelsOf(name, project));
  else if (isJoined && (id === '' || id === found.id)) return;
  else if (found.project !== '' && found.project !== project)
    throw new WakeTrouble('failed', 'its network belongs to another project now');
  await engine.connect(name, aliases);
}

/** As `docker compose` labels the networks that it makes, and later takes for its own by. */
function labelsOf(name: string, project: string): Readonly<Record<string, string>> {
  const isOwn = /^[a-z0-9][a-z0-9_-]{0,127}$/.test(project) && name.startsWith(`${project}_`);
  if (!isOwn) throw new WakeTrouble('failed', 'its network is gone');
  return { 'com.docker.compose.project': project, 'com.docker.compose.network': name.slice(project.length + 1) };
}
