import type { Settings } from '@dproxy/config';
import { MakerError, type EngineEndpoint } from '@dproxy/core';

type MakingSettings = Pick<Settings, 'api' | 'docker'>;

export function assertOn({ api }: MakingSettings): void {
  if (api.containers.length > 0) return;
  throw new MakerError('forbidden', 'the container API is off; api.containers in dproxy.yml allows images');
}

export function assertImage(settings: MakingSettings, image: string): void {
  assertOn(settings);
  if (settings.api.containers.includes(image)) return;
  throw new MakerError('forbidden', `${image} is not in api.containers of dproxy.yml`);
}

/** @param name empty: the first one */
export function chooseEngine({ docker: { engines } }: MakingSettings, name: string): EngineEndpoint {
  const endpoint = name === '' ? engines[0] : engines.find((each) => each.name === name);
  if (endpoint !== undefined) return endpoint;
  const expected =
    engines.length === 0 ? 'none is configured' : `expected ${engines.map((each) => each.name).join(', ')}`;
  throw new MakerError('unknown', name === '' ? 'there is no engine' : `there is no engine ${name}; ${expected}`);
}
