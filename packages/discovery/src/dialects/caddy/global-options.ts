import type { LabelProblem } from '../dialect.ts';
import { nameOf, type Block } from './block.ts';
import { labelOf } from './report.ts';

/** Where dproxy has what a global option of Caddy says. A label of one container does not change it for all others. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['email', 'acme.email in dproxy.yml'],
  ['acme_ca', 'acme.directory in dproxy.yml'],
  ['acme_ca_root', 'acme.directory in dproxy.yml'],
  ['acme_eab', 'acme.directory in dproxy.yml'],
  ['acme_dns', 'acme.dns in dproxy.yml'],
  ['cert_issuer', 'acme.directory in dproxy.yml'],
  ['key_type', 'acme.keyType in dproxy.yml'],
  ['on_demand_tls', 'acme.onDemand in dproxy.yml'],
  ['auto_https', 'https in dproxy.yml'],
  ['local_certs', 'https: {certificate: none} in dproxy.yml'],
  ['skip_install_trust', 'nothing: dproxy installs no authority'],
  ['http_port', 'listen.http in dproxy.yml'],
  ['https_port', 'listen.https in dproxy.yml'],
  ['default_bind', 'listen in dproxy.yml'],
  ['admin', 'listen.api in dproxy.yml'],
  ['debug', 'log: debug in dproxy.yml'],
  ['log', 'log in dproxy.yml'],
  ['metrics', 'GET /metrics'],
  ['servers', 'trustedProxies and limits in dproxy.yml'],
  ['grace_period', 'drain in dproxy.yml'],
  ['shutdown_delay', 'drain in dproxy.yml'],
  ['storage', 'DOCKER_PROXY_STATE_PATH'],
]);

export function globalProblem(block: Block): LabelProblem {
  const name = nameOf(block);
  const expected = INSTEAD.get(name) ?? 'a site: the label caddy with its host';
  return { message: `${labelOf(block)}: the global option ${name} is not taken from labels`, expected };
}
