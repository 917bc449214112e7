import type { Environment, Facts, LoadedSettings } from '@dproxy/config';
import type { Log } from '@dproxy/core';

export interface PrimaryOptions {
  readonly loaded: LoadedSettings;
  readonly facts: Facts;
  readonly log: Log;
  /** PM2_HOME of the supervisor. */
  readonly pm2Home: string;
  /** Workers that ecosystem.config.js launches by itself. */
  readonly launchedWorkers: number;
  /** PATH, HOME and the like, for PM2's command line. */
  readonly env: Readonly<Record<string, string>>;
  /** All of it: DNS providers take their credentials from there. */
  readonly environment: Environment;
  readonly print: (text: string) => void;
  /** Another primary has taken over: nothing is left to do. */
  readonly handedOver: () => void;
}
