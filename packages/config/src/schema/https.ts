import { z } from 'zod';
import { DEFAULT_HSTS, readHsts, type RouteHttps } from '@dproxy/core';
import { field, section, words, type Read } from './field.ts';

const STATUSES = [301, 302, 307, 308] as const;
const REDIRECT = 'true, false, 301, 302, 307 or 308';
const HSTS = 'true, false, or a value such as "max-age=31536000; includeSubDomains; preload"';

/** What was said of HTTPS; absent parts were not. */
export type HttpsOptions = Partial<RouteHttps>;

/** `https`, of one route and for all. */
export function httpsOptions() {
  const options = section({
    redirect: field(redirect(), {
      meaning:
        'Whether plain HTTP is sent to HTTPS, and with which status (true: 308). Only where an HTTPS listener is open and the host has a certificate from a file or an authority; never for ACME challenges, .localhost names of containers, and behind a trusted proxy that ended the TLS',
      default: 'true',
      danger: 'browsers keep a 301 or 308 for ever',
    }),
    hsts: field(hsts(), {
      meaning:
        "Strict-Transport-Security on answers over HTTPS (true: max-age=31536000), in place of the backend's. Never with a certificate of the local CA, never for addresses",
      default: "false, the backend's own is kept",
      danger: 'browsers refuse plain HTTP, and certificates that they do not trust, for as long as max-age says',
    }),
    certificate: field(words(['default', 'acme', 'none']), {
      meaning: 'Whether a certificate authority is asked for one. default: as acme.hosts says. acme: yes. none: never',
      default: 'default',
    }),
  }).transform(onlySaid);
  const flag = z.boolean().transform((wanted): HttpsOptions => ({ redirect: wanted ? 308 : 0 }));
  return z.union([flag, options], { error: 'true, false (no redirect to HTTPS), or {redirect, hsts, certificate}' });
}

function redirect() {
  const status = z
    .int()
    .refine((value) => isStatus(value))
    .transform((value) => value as (typeof STATUSES)[number]);
  const wanted = z.boolean().transform((value): RouteHttps['redirect'] => (value ? 308 : 0));
  return z.union([wanted, status], { error: REDIRECT });
}

function hsts() {
  const wanted = z.boolean().transform((value) => (value ? DEFAULT_HSTS : ''));
  const written = z.string().transform((raw, context): string => {
    const read = readValue(raw);
    if ('value' in read) return read.value;
    context.addIssue({ code: 'custom', message: HSTS, params: { problem: read.problem } });
    return z.NEVER;
  });
  return z.union([wanted, written], { error: HSTS });
}

function readValue(raw: string): Read<string> {
  const value = readHsts(raw);
  return value === undefined ? { problem: 'browsers would not understand it (RFC 6797 section 6.1)' } : { value };
}

function onlySaid(options: { readonly [K in keyof RouteHttps]?: RouteHttps[K] | undefined }): HttpsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function isStatus(value: number): boolean {
  return (STATUSES as readonly number[]).includes(value);
}
