import type { DialectSettings, WakeOptions } from '@dproxy/config';
import type { NginxProxyOptions } from './dialects/nginx-proxy/index.ts';

/** What dproxy.yml and the composition root say about all engines. */
export interface DiscoverySettings {
  /** `docker.trustImages`: hosts and public ports that are baked into an image count. */
  readonly trustImages: boolean;
  /** `docker.exposedByDefault`: containers that no label names answer, too. */
  readonly exposedByDefault: boolean;
  /** `docker.readiness`: containers without a check are asked whether they listen. Default false. */
  readonly readiness?: boolean;
  /** `docker.dialects`, and what the composition root knows beside it. */
  readonly dialects: Omit<DialectSettings, 'nginxProxy'> & {
    readonly nginxProxy?: boolean | NginxProxyOptions | undefined;
  };
  /** `ownership: project`: what containers of other projects define does not count. Default false. */
  readonly isOwnedByProject?: boolean;
  /** `wake`: how groups sleep that do not say it themselves. Default: `DEFAULT_WAKE`. */
  readonly wake?: WakeOptions;
  /** Ids of the listeners that the settings name. */
  readonly listeners: readonly string[];
  /** Id of the container that dproxy may run in (`findOwnContainer`); empty: none. */
  readonly ownContainerId: string;
  /** True on Linux: the host of an engine has an address on its bridges. False where engines run in a virtual machine. */
  readonly hostReachesBridges: boolean;
}
