import type { WakeDependency } from '@dproxy/core';

/** What Docker Compose writes on the containers that it makes. */
export interface ComposeLabels {
  /** Empty: it is in no project. */
  readonly project: string;
  readonly service: string;
  /** Of several containers of one service; empty: not said. */
  readonly number: string;
  /** Made by `docker compose run`: nobody's replica. */
  readonly isOneOff: boolean;
}

const PREFIX = 'com.docker.compose.';
const MAX_DEPENDENCIES = 64;
const CONDITIONS: ReadonlyMap<string, WakeDependency['condition']> = new Map([
  ['service_healthy', 'healthy'],
  ['service_completed_successfully', 'completed'],
]);

export function composeLabels(labels: ReadonlyMap<string, string>): ComposeLabels {
  const number = labels.get(`${PREFIX}container-number`) ?? '';
  // Images that Compose builds have the names of project and service too: `docker run` of one makes no container of the project.
  const isInherited = number === '' && labels.has(`${PREFIX}version`);
  const nameIn = (key: string): string => readName(isInherited ? '' : (labels.get(`${PREFIX}${key}`) ?? ''));
  return {
    project: nameIn('project'),
    service: nameIn('service'),
    number,
    isOneOff: labels.get(`${PREFIX}oneoff`)?.toLowerCase() === 'true',
  };
}

/** They become part of ids that travel to every worker. Empty for what Compose would never write. */
function readName(written: string): string {
  return /^[^\p{Cc}]{1,128}$/u.test(written) ? written : '';
}

/**
 * `db:service_healthy:false,cache:service_started:true` is service, condition, and whether it is restarted with the other; old
 * versions write only the service. Whether it is `required` is not written.
 */
export function composeDependencies(labels: ReadonlyMap<string, string>): readonly WakeDependency[] {
  const written = labels.get(`${PREFIX}depends_on`) ?? '';
  const parts = written.split(',', MAX_DEPENDENCIES).map((part) => part.trim().split(':', 2));
  return parts
    .filter(([service = '']) => service !== '')
    .map(([service = '', condition = '']) => ({
      service,
      condition: CONDITIONS.get(condition) ?? 'started',
      required: true,
    }));
}
