import { z } from 'zod';
import { dialects, type DialectSettings } from './dialects/dialects.ts';
import { readEngineUrl, type EngineUrl } from './engine-url.ts';
import { field, flag, oneOrMore, readable, required, section, text } from './field.ts';

const ENGINE = 'unix:///path, tcp://host:port, https://host:port or host:port';

/** An engine, before the folder of its certificates is known in full. */
export interface EngineEntry extends EngineUrl {
  /** As written; empty when not given. */
  readonly certPath: string;
  readonly tlsVerify: boolean;
}

/** `docker`: undefined parts are not mentioned. */
export interface DockerEntry {
  /** Undefined: not mentioned, the default engine; empty: none. */
  readonly engines: readonly EngineEntry[] | undefined;
  readonly trustImages: boolean | undefined;
  readonly exposedByDefault: boolean | undefined;
  readonly readiness: boolean | undefined;
  readonly dialects: DialectSettings | undefined;
}

const engine = () => {
  const url = () => readable(ENGINE, readEngineUrl);
  const detailed = section({
    url: required(url(), { meaning: 'Where the engine listens: unix:///path, tcp://host:port or https://host:port' }),
    certPath: field(text('a folder'), {
      meaning:
        'Folder with ca.pem, cert.pem and key.pem, as for the docker client; makes tcp:// speak TLS. Relative to this file',
      default: 'none, plain for tcp://',
    }),
    tlsVerify: field(flag(), {
      meaning: "Whether the engine's certificate is verified",
      default: 'true',
      danger: 'an engine decides where requests go, so whoever can pretend to be one does',
    }),
  });
  return z.union(
    [
      url().transform((value): EngineEntry => ({ ...value, certPath: '', tlsVerify: true })),
      detailed.transform((value): EngineEntry => ({
        ...value.url,
        certPath: value.certPath ?? '',
        tlsVerify: value.tlsVerify ?? true,
      })),
    ],
    { error: `${ENGINE}, or {url, certPath, tlsVerify}` },
  );
};

const engines = () => oneOrMore(engine(), ENGINE, 0);

const detailed = section({
  engines: field(engines(), {
    meaning: 'The engines: a URL, {url, certPath, tlsVerify}, or a list; an empty list for none',
    default: 'unix:///var/run/docker.sock, or the socket of a rootless engine',
    danger: 'access to an engine is root on its host; workers never get it',
  }),
  trustImages: field(flag(), {
    meaning: 'Whether hosts, public ports and words of sleep that are baked into an image (ENV, LABEL) count',
    default: 'false',
    danger: 'with true, whoever publishes an image that you run can claim any host name, and stop containers beside it',
  }),
  exposedByDefault: field(flag(), {
    meaning: 'Whether containers without a host label or variable answer as <name>.localhost',
    default: 'true',
  }),
  readiness: field(flag(), {
    meaning:
      'Whether containers without a HEALTHCHECK take requests only once their port has accepted a connection. For one container: the label dproxy.health=none',
    default: 'true',
  }),
  dialects: field(dialects(), {
    meaning: 'Label languages, by name: false turns one off. All are read together',
    default: 'all on',
  }),
});

/** `docker`: an engine, a list of them, or an object. */
export function docker() {
  const named = engines().transform((list): DockerEntry => ({
    engines: list,
    trustImages: undefined,
    exposedByDefault: undefined,
    readiness: undefined,
    dialects: undefined,
  }));
  const full = detailed.transform((value): DockerEntry => ({
    engines: value.engines,
    trustImages: value.trustImages,
    exposedByDefault: value.exposedByDefault,
    readiness: value.readiness,
    dialects: value.dialects,
  }));
  return z.union([named, full], {
    error: `${ENGINE}, a list, or {engines, trustImages, exposedByDefault, readiness, dialects}`,
  });
}
