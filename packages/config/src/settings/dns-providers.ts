/** One key beside `provider` under `acme.dns`. */
export interface DnsOption {
  /** A sentence without its full stop. */
  readonly meaning: string;
  /** Must not get into a log, an error or the admin API. */
  readonly isSecret: boolean;
  /** Empty: none. */
  readonly default: string;
  /** Variables that are looked at when the key is absent, in this order; each also as `<name>_FILE`, as lego has them. */
  readonly env: readonly string[];
}

export interface DnsProviderRow {
  /** For documents. */
  readonly title: string;
  readonly options: Readonly<Record<string, DnsOption>>;
  /** Sets of options of which one must be complete; the first is the one that is recommended. */
  readonly needs: readonly (readonly string[])[];
  /** Options that mean nothing without one another. */
  readonly together: readonly (readonly string[])[];
}

function option(meaning: string, env: readonly string[], more: Partial<DnsOption> = {}): DnsOption {
  return { meaning, env, isSecret: false, default: '', ...more };
}

const secret = { isSecret: true } as const;

/** What every provider understands. Values are text, as they stand in the file; `prefix` is that of lego's variables. */
function commonOptions(prefix: string, ttl: number) {
  return {
    ttl: option('Seconds that the TXT record may be cached, from 1 to 86400', [`${prefix}_TTL`], { default: `${ttl}` }),
    timeoutMs: option('Milliseconds for one call of the API, server or program, from 100 to 600000', [], {
      default: '30000',
    }),
    propagationCheck: option(
      'true: the authority is asked only when all name servers have the record; false: at once, for names that this machine sees differently from the world',
      [],
      { default: 'true' },
    ),
    propagationMs: option('Milliseconds until the name servers must have the record, from 1000 to 3600000', [], {
      default: '120000',
    }),
  } as const;
}

const needsToken = { needs: [['token']], together: [] } as const;

/** The built-in ways to make a TXT record. The names of providers, options and variables are lego's where it has them. */
export const DNS_PROVIDERS = {
  cloudflare: {
    title: 'Cloudflare',
    options: {
      token: option(
        'API token with Zone / DNS / Edit, and Zone / Zone / Read unless zoneToken has it',
        ['CF_DNS_API_TOKEN', 'CLOUDFLARE_DNS_API_TOKEN'],
        secret,
      ),
      zoneToken: option(
        'Another API token, with Zone / Zone / Read, for finding the zone',
        ['CF_ZONE_API_TOKEN', 'CLOUDFLARE_ZONE_API_TOKEN'],
        secret,
      ),
      email: option('Account of apiKey', ['CF_API_EMAIL', 'CLOUDFLARE_EMAIL']),
      apiKey: option(
        'Global API key, which may do everything: prefer token',
        ['CF_API_KEY', 'CLOUDFLARE_API_KEY'],
        secret,
      ),
      endpoint: option('Base URL of the API', ['CLOUDFLARE_BASE_URL'], {
        default: 'https://api.cloudflare.com/client/v4',
      }),
      ...commonOptions('CLOUDFLARE', 120),
    },
    needs: [['token'], ['email', 'apiKey']],
    together: [['email', 'apiKey']],
  },
  route53: {
    title: 'Amazon Route 53',
    options: {
      accessKeyId: option('Access key', ['AWS_ACCESS_KEY_ID']),
      secretAccessKey: option('Its secret', ['AWS_SECRET_ACCESS_KEY'], secret),
      sessionToken: option('Session token of temporary credentials', ['AWS_SESSION_TOKEN'], secret),
      region: option('Region that requests are signed for', ['AWS_REGION'], { default: 'us-east-1' }),
      hostedZoneId: option('The hosted zone, where it shall not be looked up', ['AWS_HOSTED_ZONE_ID']),
      endpoint: option('Base URL of the API', [], { default: 'https://route53.amazonaws.com' }),
      ...commonOptions('AWS', 10),
    },
    needs: [['accessKeyId', 'secretAccessKey']],
    together: [],
  },
  hetzner: {
    title: 'Hetzner',
    options: {
      token: option(
        'API token of the Cloud project that has the zone, read and write',
        ['HETZNER_API_TOKEN', 'HETZNER_API_KEY'],
        secret,
      ),
      endpoint: option('Base URL of the API', [], { default: 'https://api.hetzner.cloud/v1' }),
      ...commonOptions('HETZNER', 60),
    },
    ...needsToken,
  },
  digitalocean: {
    title: 'DigitalOcean',
    options: {
      token: option(
        'Personal access token with domain:create, domain:read and domain:delete',
        ['DO_AUTH_TOKEN'],
        secret,
      ),
      endpoint: option('Base URL of the API', ['DO_API_URL'], { default: 'https://api.digitalocean.com' }),
      ...commonOptions('DO', 30),
    },
    ...needsToken,
  },
  rfc2136: {
    title: 'DNS update (RFC 2136)',
    options: {
      nameserver: option('Primary name server, host or host:port', ['RFC2136_NAMESERVER', 'DNSUPDATE_NAMESERVER']),
      tsigKey: option('Name of the TSIG key; without one updates are not signed', [
        'RFC2136_TSIG_KEY',
        'DNSUPDATE_TSIG_KEY',
      ]),
      tsigSecret: option('The key in base64', ['RFC2136_TSIG_SECRET', 'DNSUPDATE_TSIG_SECRET'], secret),
      tsigAlgorithm: option(
        'hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha224 or hmac-sha1',
        ['RFC2136_TSIG_ALGORITHM', 'DNSUPDATE_TSIG_ALGORITHM'],
        { default: 'hmac-sha256' },
      ),
      ...commonOptions('RFC2136', 120),
    },
    needs: [['nameserver']],
    together: [['tsigKey', 'tsigSecret']],
  },
  httpreq: {
    title: 'HTTP request (lego httpreq)',
    options: {
      endpoint: option('URL under which /present and /cleanup are posted to', ['HTTPREQ_ENDPOINT']),
      mode: option('RAW sends domain, token and keyAuth instead of fqdn and value', ['HTTPREQ_MODE']),
      username: option('User of basic authentication', ['HTTPREQ_USERNAME']),
      password: option('Its password', ['HTTPREQ_PASSWORD'], secret),
      ...commonOptions('HTTPREQ', 120),
    },
    needs: [['endpoint']],
    together: [['username', 'password']],
  },
  exec: {
    title: 'Program (lego exec)',
    options: {
      path: option('Absolute path of the program', ['EXEC_PATH']),
      mode: option('RAW passes domain, token and keyAuth instead of name and value', ['EXEC_MODE']),
      passEnv: option(
        'Comma list of the environment variables that the program gets beside PATH, HOME and the like',
        [],
      ),
      ...commonOptions('EXEC', 120),
    },
    needs: [['path']],
    together: [],
  },
} as const satisfies Record<string, DnsProviderRow>;

export type DnsProviderName = keyof typeof DNS_PROVIDERS;

export function isDnsProviderName(name: string): name is DnsProviderName {
  return Object.hasOwn(DNS_PROVIDERS, name);
}
