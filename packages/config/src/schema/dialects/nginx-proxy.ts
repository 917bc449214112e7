import { z } from 'zod';
import { DEFAULT_HSTS, readHsts } from '@dproxy/core';
import { field, integer, oneOrMore, readable, section, text, words, type Read } from '../field.ts';
import { readCidr } from '../network.ts';

const HSTS = 'off, or a value such as "max-age=31536000; includeSubDomains"';

/** `docker.dialects.nginxProxy`: what was set on the container of nginx-proxy itself, for all others. */
export function nginxProxyOptions() {
  const range = 'an address block such as 10.0.0.0/8, or an address';
  return section({
    defaultHost: field(text('a VIRTUAL_HOST, as it is written there', 1_024), {
      meaning: 'DEFAULT_HOST: the containers with this VIRTUAL_HOST answer every host that nobody has',
      default: 'unknown hosts are answered 404',
      danger: 'whoever points a name at this machine sees that site under it',
    }),
    defaultRoot: field(integer(400, 599), {
      meaning: 'DEFAULT_ROOT: status for paths that no container of a host has',
      default: 'the page for unknown paths, 404',
    }),
    httpsMethod: field(words(['redirect', 'noredirect', 'nohttp', 'nohttps']), {
      meaning: 'HTTPS_METHOD of containers that do not say it',
      default: 'redirect, of hosts with a certificate that clients trust',
    }),
    hsts: field(readable(HSTS, readHstsOption), {
      meaning: 'HSTS of containers that do not say it',
      default: DEFAULT_HSTS,
      danger: 'browsers refuse plain HTTP to the host for so long, whatever you change later',
    }),
    nonGetRedirect: field(z.literal([301, 307, 308], { error: '301, 307 or 308' }), {
      meaning: 'NON_GET_REDIRECT: status with which plain HTTP is sent to HTTPS',
      default: '301',
    }),
    internalNetworks: field(oneOrMore(readable(range, readCidr), range), {
      meaning: 'Who is let in by NETWORK_ACCESS=internal',
      default: '127.0.0.0/8, 10.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12 and ::1',
    }),
    htpasswd: field(text('a folder'), {
      meaning:
        'Folder with password files as it was mounted at /etc/nginx/htpasswd: <host>, or <host>_<SHA-1 of the path>. Changes are followed. Relative to this file. While it cannot be read, no site of this dialect is served',
      default: 'none, no site asks for a password',
    }),
  });
}

/** Empty: none. */
function readHstsOption(raw: string): Read<string> {
  if (raw.toLowerCase() === 'off') return { value: '' };
  const value = readHsts(raw);
  return value === undefined ? { problem: 'browsers would ignore it' } : { value };
}
