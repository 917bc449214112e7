import type { AuthServers } from './auth/auth-server.ts';
import type { LoginChecker } from './auth/login-checker.ts';
import type { SpentLimits } from './spent-limits.ts';

/** What all filters of a worker share that do more than look. */
export interface FilterServices {
  readonly logins: LoginChecker;
  readonly authServers: AuthServers;
  /** What rate limits let through, for other workers; undefined: there are none. */
  readonly spentLimits: SpentLimits | undefined;
  /** Told to the client on pages, and found in the log. */
  nextRequestId(): string;
}
