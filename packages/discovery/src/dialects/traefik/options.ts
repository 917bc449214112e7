import { readConstraints, type Constraints } from './constraints.ts';
import { readTemplate, type Template } from './template.ts';
import { tryRule } from './rule.ts';
import type { RuleError } from './rule-error.ts';

/** `docker.dialects.traefik`: what Traefik's users say in its static configuration. */
export interface TraefikOptions {
  /** Containers without `traefik.enable` are served; default true. */
  readonly exposedByDefault?: boolean | undefined;
  /** Expression of `Label` and `LabelRegex`; default none. */
  readonly constraints?: string | undefined;
  /** Rule of routers that have none; default Host(`{{ normalize .Name }}`). */
  readonly defaultRule?: string | undefined;
  /** Network of containers without `traefik.docker.network`. */
  readonly network?: string | undefined;
  /** Names of entry points: a listener's name, or a port. */
  readonly entryPoints?: Readonly<Record<string, string | number>> | undefined;
  /** Plain requests for the hosts of TLS routers are sent to HTTPS; default false. */
  readonly redirectToHttps?: boolean | undefined;
  /** False: certificates of backends are not verified, as `serversTransport.insecureSkipVerify` does it. */
  readonly tlsVerify?: boolean | undefined;
  /** Names of `tls.options` for whose hosts `tls:` in dproxy.yml says what they said. */
  readonly tlsOptions?: readonly string[] | undefined;
  /** Middlewares, as labels say them, for all containers: those of Traefik's file provider. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Options, read once. */
export interface TraefikSettings {
  readonly exposedByDefault: boolean;
  readonly constraints: Checked<Constraints>;
  readonly defaultRule: Checked<Template>;
  readonly network: string | undefined;
  /** By name in lower case. */
  readonly entryPoints: ReadonlyMap<string, string | number>;
  readonly redirectToHttps: boolean;
  readonly tlsVerify: boolean;
  readonly tlsOptions: ReadonlySet<string>;
  readonly labels: ReadonlyMap<string, string>;
}

type Checked<T> = { readonly value: T } | { readonly problem: RuleError };

const DEFAULT_RULE = 'Host(`{{ normalize .Name }}`)';

export function readOptions(options: TraefikOptions): TraefikSettings {
  const entryPoints = Object.entries(options.entryPoints ?? {});
  return {
    exposedByDefault: options.exposedByDefault ?? true,
    constraints: tryRule(() => readConstraints(options.constraints ?? '')),
    defaultRule: tryRule(() => readTemplate(options.defaultRule ?? DEFAULT_RULE)),
    network: options.network,
    entryPoints: new Map(entryPoints.map(([name, target]) => [name.toLowerCase(), target])),
    redirectToHttps: options.redirectToHttps ?? false,
    tlsVerify: options.tlsVerify ?? true,
    tlsOptions: new Set((options.tlsOptions ?? []).map((name) => name.toLowerCase())),
    labels: new Map(Object.entries(options.labels ?? {})),
  };
}
