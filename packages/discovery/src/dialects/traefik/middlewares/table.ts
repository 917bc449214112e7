import type { Section } from '../section.ts';
import { basicAuth, digestAuth, forwardAuth, ipAllowList } from './access.ts';
import { effectOf, NOTHING, type Effect, type EffectReader } from './effect.ts';
import { headers } from './headers.ts';
import {
  addPrefix,
  redirectRegex,
  redirectScheme,
  replacePath,
  replacePathRegex,
  stripPrefix,
  stripPrefixRegex,
} from './paths.ts';
import { buffering, circuitBreaker, compress, inFlightReq, rateLimit, retry } from './traffic.ts';
import { readStatuses } from './values.ts';
import { readReference } from '../names.ts';

export interface MiddlewareType {
  readonly read: EffectReader;
  /** A router is served without it rather than not at all: it neither keeps anybody out nor changes what a backend sees. */
  readonly isHarmless: boolean;
}

export const MIDDLEWARE_TYPES: ReadonlyMap<string, MiddlewareType> = new Map([
  ['addprefix', needed(addPrefix)],
  ['stripprefix', needed(stripPrefix)],
  ['stripprefixregex', needed(stripPrefixRegex)],
  ['replacepath', needed(replacePath)],
  ['replacepathregex', needed(replacePathRegex)],
  ['redirectscheme', needed(redirectScheme)],
  ['redirectregex', needed(redirectRegex)],
  ['basicauth', needed(basicAuth)],
  ['digestauth', needed(digestAuth)],
  ['forwardauth', needed(forwardAuth)],
  ['ipallowlist', needed(ipAllowList)],
  ['ipwhitelist', needed(ipAllowList)],
  ['ratelimit', needed(rateLimit)],
  ['inflightreq', needed(inFlightReq)],
  ['buffering', needed(buffering)],
  ['headers', needed(headers)],
  ['passtlsclientcert', needed(passTlsClientCert)],
  ['plugin', needed(plugin)],
  ['compress', harmless(compress)],
  ['retry', harmless(retry)],
  ['circuitbreaker', harmless(circuitBreaker)],
  ['errors', harmless(errors)],
  ['contenttype', harmless(contentType)],
  ['grpcweb', harmless(grpcWeb)],
  ['encodedcharacters', harmless(encodedCharacters)],
]);

function needed(read: EffectReader): MiddlewareType {
  return { read, isHarmless: false };
}

function harmless(read: EffectReader): MiddlewareType {
  return { read, isHarmless: true };
}

function errors(section: Section): Effect {
  const statuses = readStatuses(section, 'status');
  const service = readReference(section.text('service') ?? '');
  const path = section.text('query')?.trim() || '/';
  if (statuses.length === 0 && !section.report.hasFailed) section.refuse('status', 'statuses such as 404 or 500-599');
  if (service.name === '' || service.provider !== 'docker') section.refuse('service', 'a service that labels define');
  if (!/^\/[\x21-\x7e]{0,2047}$/.test(path)) section.refuse('query', 'a path such as /{status}.html');
  if (section.family('statusrewrites').length > 0) {
    section.note('statusrewrites', 'the status stays what it was', 'no rewrites');
  }
  if (section.list('errorrequestheaders') !== undefined) {
    section.note('errorrequestheaders', 'the page is asked for with no header of the client', 'no such list');
  }
  return effectOf({ type: 'errorPages', statuses, backends: [{ backendId: service.name, weight: 1 }], path });
}

function passTlsClientCert(section: Section): Effect {
  section.text('pem');
  section.family('info');
  section.report.refuse(
    `${section.label('')}: the headers X-Forwarded-Tls-Client-Cert are not made here`,
    'clientCertificates under tls: in dproxy.yml, with which the backend is told x-ssl-client-verify, x-ssl-client-dn and x-ssl-client-fingerprint-sha256',
  );
  return NOTHING;
}

/** Sablier wakes containers and lets everybody through, which the labels of the containers ask of dproxy itself. */
function plugin(section: Section): Effect {
  const sablier = section.sub('sablier');
  if (sablier !== undefined) {
    sablier.everything();
    sablier.note(
      '',
      'dproxy wakes by the labels of the containers',
      'dproxy.wake.idle on them for its sessionDuration',
    );
    return NOTHING;
  }
  section.everything();
  section.report.refuse(
    `${section.label('')}: plugins of Traefik are written in Go and cannot run here`,
    'plugins: of a route in dproxy.yml, where any plugin of Fastify can be named',
  );
  return NOTHING;
}

function contentType(section: Section): Effect {
  section.flag('autodetect');
  section.note('', 'a content type that the backend does not say is not guessed', 'a backend that says it');
  return NOTHING;
}

function grpcWeb(section: Section): Effect {
  section.list('alloworigins');
  section.note('', 'gRPC-Web is not translated here', 'a backend that speaks it, or plugins: of a route in dproxy.yml');
  return NOTHING;
}

/** What Traefik refuses unless it is allowed passes here as it is, and routes are chosen by one reading of it. */
function encodedCharacters(section: Section): Effect {
  for (const word of ['slash', 'backslash', 'nullcharacter', 'semicolon', 'percent', 'questionmark', 'hash']) {
    section.flag(`allowencoded${word}`);
  }
  return NOTHING;
}
