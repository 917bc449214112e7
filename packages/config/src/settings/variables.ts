/** What a person may say beside the file. Flags have the same names as the fields; all are text. */
export type Flags = { readonly [K in VariableName]?: string | undefined };

interface Variable {
  /** In the order in which they are looked at. */
  readonly names: readonly string[];
  /** The flag of the command line; empty: none. */
  readonly flag: string;
  readonly meaning: string;
  readonly default: string;
}

/** Every environment variable. docs/configuration.md is made from it. */
export const VARIABLES = {
  port: {
    names: ['DOCKER_PROXY_PORT', 'PORT'],
    flag: '--port',
    meaning: 'HTTP port',
    default: '80, else 8080 where nobody named a port',
  },
  sslPort: {
    names: ['DOCKER_PROXY_SSL_PORT'],
    flag: '--ssl-port',
    meaning: 'HTTPS port',
    default: '443, else 8443 where nobody named a port',
  },
  hostname: {
    names: ['DOCKER_PROXY_HOSTNAME', 'HOST'],
    flag: '--hostname',
    meaning: 'bind address; what is no address of this machine is ignored with a warning, as shells export HOST',
    default: 'all, IPv4 and IPv6',
  },
  apiPort: {
    names: ['DOCKER_PROXY_API_PORT'],
    flag: '--api-port',
    meaning: 'port of the admin API',
    default: '16000',
  },
  apiHost: {
    names: ['DOCKER_PROXY_API_HOST'],
    flag: '--api-host',
    meaning: 'address of the admin API; beyond loopback a token must be set',
    default: '127.0.0.1',
  },
  apiToken: {
    names: ['DOCKER_PROXY_API_TOKEN'],
    flag: '',
    meaning: 'bearer token of the admin API; no flag, because every user of the machine can read those',
    default: 'the one in `<state>/api.token`',
  },
  config: {
    names: ['DOCKER_PROXY_CONFIG_PATH', 'DOCKER_PROXY_CONFIG_FILE_PATH'],
    flag: '--config',
    meaning: 'the file dproxy.yml',
    default: '/etc/dproxy.yml, else /etc/docker-proxy/docker-proxy.yaml, else none',
  },
  workers: {
    names: ['DOCKER_PROXY_WORKER_LIMIT'],
    flag: '--workers',
    meaning: 'number of workers, 1 to 256, or auto',
    default: 'the number of CPUs',
  },
  silent: {
    names: ['DOCKER_PROXY_WORKER_SILENT'],
    flag: '--silent',
    meaning: "1 keeps the workers' log lines out of the primary's log",
    default: '0',
  },
  pid: {
    names: ['DOCKER_PROXY_PID_PATH'],
    flag: '--pid',
    meaning: 'PID file',
    default:
      '/var/run/docker-proxy/docker-proxy.pid with the state path /var/lib/docker-proxy, else `<state>/run/docker-proxy.pid`',
  },
  ssl: {
    names: ['DOCKER_PROXY_SSL_PATH'],
    flag: '--ssl',
    meaning: 'folder with `<host>.crt` and `<host>.key`, or `fullchain.pem` and `privkey.pem` per folder',
    default: 'none',
  },
  state: {
    names: ['DOCKER_PROXY_STATE_PATH'],
    flag: '--state',
    meaning: 'folder for what must survive a restart',
    default: '/var/lib/docker-proxy, for an ordinary user $XDG_STATE_HOME/docker-proxy (~/.local/state/docker-proxy)',
  },
  docker: {
    names: ['DOCKER_HOST'],
    flag: '--docker',
    meaning: 'the engine: unix:///path, tcp://host:port, https://host:port or host:port',
    default: 'the first socket found of /var/run/docker.sock and those of rootless engines',
  },
  dockerSocket: {
    names: ['DOCKER_SOCK_PATH'],
    flag: '',
    meaning: "path of the engine's socket, where DOCKER_HOST is not set",
    default: 'none',
  },
  dockerTlsVerify: {
    names: ['DOCKER_TLS_VERIFY'],
    flag: '',
    meaning:
      'any value makes tcp:// speak TLS and verify the engine; set but empty, with DOCKER_CERT_PATH, turns verifying off',
    default: 'plain, unless DOCKER_CERT_PATH is set or the URL is https://',
  },
  dockerCertPath: {
    names: ['DOCKER_CERT_PATH'],
    flag: '',
    meaning: 'folder with ca.pem, cert.pem and key.pem; makes tcp:// speak TLS',
    default: '~/.docker when DOCKER_TLS_VERIFY is set',
  },
  pm2Home: {
    names: ['PM2_HOME'],
    flag: '',
    meaning:
      'folder of the supervisor; another one, with other ports and state path, makes a second dproxy on one machine',
    default: "PM2's own",
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
