import type { Settings } from '@dproxy/config';
import type { NginxProxyOptions } from '@dproxy/discovery';
import type { HtpasswdFolder } from './htpasswd-folder.ts';

/** What the dialect of nginx-proxy must be told beside its options in dproxy.yml; false when it is off. */
export async function nginxProxyFacts(
  { docker, acme }: Pick<Settings, 'docker' | 'acme'>,
  folder: HtpasswdFolder,
): Promise<false | NginxProxyOptions> {
  const { nginxProxy } = docker.dialects;
  const options = typeof nginxProxy === 'object' ? nginxProxy : {};
  const htpasswdFiles = await folder.follow(nginxProxy === false ? '' : (options.htpasswd ?? ''));
  return nginxProxy === false ? false : { ...options, htpasswdFiles, hasAcmeAccount: acme.email !== '' };
}
