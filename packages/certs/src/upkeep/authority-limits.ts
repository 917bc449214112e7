import type { AcmeAuthority } from '@dproxy/config';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** At most `count` within any `windowMs`. */
export interface Limit {
  readonly count: number;
  readonly windowMs: number;
}

/**
 * What an authority lets one account do. Authorities refill a bucket; a sliding window with the same numbers never asks for
 * more than the bucket holds, so it can be kept here without knowing the bucket. Let's Encrypt also pauses a name after 1,152
 * failures in a row; at one attempt a day that takes three years, so nobody counts them here.
 */
export interface AuthorityLimits {
  /** New orders of the account. */
  readonly orders: Limit;
  /** Certificates for names below one registered domain, an IPv4 address or an IPv6 /64. */
  readonly registeredDomain: Limit;
  /** Certificates for exactly the same names. */
  readonly exactSet: Limit;
  /** Failed authorizations of one name. */
  readonly failures: Limit;
}

/**
 * Nobody told us. Careful about what only repeats itself, generous to a company's own authority: it has many hosts in one domain,
 * and its certificates may live for a day or an hour.
 */
const DEFAULT: AuthorityLimits = {
  orders: { count: 300, windowMs: 3 * HOUR_MS },
  registeredDomain: { count: 1_000, windowMs: WEEK_MS },
  exactSet: { count: 10, windowMs: HOUR_MS },
  failures: { count: 5, windowMs: HOUR_MS },
};

interface KnownAuthority {
  readonly limits: AuthorityLimits;
  /** Nobody's clients trust it: its certificates count only while it is configured. */
  readonly isForTests: boolean;
  /** Names below `internal` and the like are refused by all who follow the CA/Browser Forum. */
  readonly isPublic: boolean;
  /** The profile without which it issues nothing for addresses; empty: it never does. */
  readonly addressProfile: string;
}

const OTHER: KnownAuthority = { limits: DEFAULT, isForTests: false, isPublic: false, addressProfile: '' };

/** By the host of the directory. */
const KNOWN: ReadonlyMap<string, KnownAuthority> = new Map([
  [
    'acme-v02.api.letsencrypt.org',
    {
      limits: {
        ...DEFAULT,
        registeredDomain: { count: 50, windowMs: WEEK_MS },
        exactSet: { count: 5, windowMs: WEEK_MS },
      },
      isForTests: false,
      isPublic: true,
      addressProfile: 'shortlived',
    },
  ],
  [
    'acme-staging-v02.api.letsencrypt.org',
    {
      limits: {
        orders: { count: 1_500, windowMs: 3 * HOUR_MS },
        registeredDomain: { count: 30_000, windowMs: WEEK_MS },
        exactSet: { count: 30_000, windowMs: WEEK_MS },
        failures: { count: 60, windowMs: HOUR_MS },
      },
      isForTests: true,
      isPublic: true,
      addressProfile: 'shortlived',
    },
  ],
  ['acme.zerossl.com', { ...OTHER, isPublic: true }],
]);

export function limitsOf(authority: AcmeAuthority): AuthorityLimits {
  return knownOf(authority).limits;
}

/** Whether only names that the whole internet can resolve have a chance there. */
export function isPublicAuthority(authority: AcmeAuthority): boolean {
  return knownOf(authority).isPublic;
}

/** Whether it may issue for IP addresses (RFC 8738). Of an authority that nobody knows it is believed. */
export function takesAddresses(authority: AcmeAuthority): boolean {
  const { isPublic, addressProfile } = knownOf(authority);
  return !isPublic || (addressProfile !== '' && authority.profile === addressProfile);
}

/** By the name that `AcmeAuthority.name` has by default, which is what a stored certificate remembers. */
export function isTestAuthorityName(name: string): boolean {
  return name === 'letsencrypt-staging' || (KNOWN.get(name)?.isForTests ?? false);
}

function knownOf({ directory }: AcmeAuthority): KnownAuthority {
  return KNOWN.get(new URL(directory).host) ?? OTHER;
}
