import { describe, expect, it } from 'vitest';
import { parseFile } from '../file/parse-file.ts';
import type { ParsedFile } from '../file/parsed-file.ts';
import type { Facts } from './facts.ts';
import type { Environment } from './inputs.ts';
import { readEnvironment } from './read-environment.ts';
import { resolveSettings, type Resolved } from './resolve-settings.ts';
import type { Flags } from './variables.ts';

const ROOT: Facts = {
  isRoot: true,
  uid: 0,
  cpuCount: 4,
  homedir: '/root',
  tempFolder: '/tmp',
  cwd: '/srv',
  hostname: 'edge-1',
  localAddresses: ['127.0.0.1', '::1', '10.0.0.7', 'fe80::1'],
  canSharePorts: true,
  fileExists: () => false,
};

const USER: Facts = { ...ROOT, isRoot: false, uid: 1000, homedir: '/home/ada' };

interface Given {
  readonly env?: Environment;
  readonly flags?: Flags;
  readonly facts?: Facts;
  readonly file?: string;
}

function resolve({ env = {}, flags = {}, facts = ROOT, file }: Given = {}): Resolved {
  const overrides = readEnvironment(env, flags, facts);
  return resolveSettings({ env, facts, overrides }, file === undefined ? null : parse(file));
}

function parse(text: string): ParsedFile {
  const file = parseFile({ path: '/etc/dproxy.yml', text, seenMs: 1 });
  expect(file.rejected).toEqual([]);
  return file;
}

/** `http ::80 named` */
function listeners(given: Given): string[] {
  return resolve(given).settings.listeners.map(({ id, addresses, isNamed, fallbackPort }) => {
    const places = addresses.map(({ host, port }) => `${host}:${port}`).join(' ');
    return `${id} ${places} ${isNamed ? 'named' : `else ${fallbackPort}`}`;
  });
}

function problems(given: Given): string[] {
  return resolve(given).problems.map(({ path }) => path);
}

describe('listeners', () => {
  it('are 80 and 443 on all addresses, with a port to fall back to', () => {
    expect(listeners({})).toEqual(['http :::80 else 8080', 'https :::443 else 8443']);
  });

  it('bind IPv4 only where the system has no IPv6', () => {
    const facts = { ...ROOT, localAddresses: ['127.0.0.1', '10.0.0.7'] };
    expect(listeners({ facts })).toEqual(['http 0.0.0.0:80 else 8080', 'https 0.0.0.0:443 else 8443']);
  });

  it('do not fall back where anybody named the port', () => {
    expect(listeners({ env: { PORT: '80' } })[0]).toBe('http :::80 named');
    expect(listeners({ file: 'listen: {https: 443}' })[1]).toBe('https :::443 named');
    expect(listeners({ flags: { port: '81' } })[0]).toBe('http :::81 named');
  });

  it('take flags before variables, these before the file, and the longer name before PORT', () => {
    const file = 'listen: {http: 1}';
    const env = { DOCKER_PROXY_PORT: '2', PORT: '3' };
    expect(listeners({ file, env, flags: { port: '4' } })[0]).toContain(':4 ');
    expect(listeners({ file, env })[0]).toContain(':2 ');
    expect(listeners({ file, env: { PORT: '3' } })[0]).toContain(':3 ');
    expect(listeners({ file })[0]).toContain(':1 ');
  });

  it("keep the file's address when a variable names the port, and its port when one names the address", () => {
    const file = 'listen: {http: ["127.0.0.1:80", "10.0.0.7:81"]}';
    expect(listeners({ file, env: { PORT: '8080' } })[0]).toBe('http 127.0.0.1:8080 10.0.0.7:8080 named');
    expect(listeners({ file, env: { HOST: '10.0.0.7' } })[0]).toBe('http 10.0.0.7:80 10.0.0.7:81 named');
  });

  it('can be switched off, unless a variable names the port', () => {
    expect(listeners({ file: 'listen: {https: false}' })).toEqual(['http :::80 else 8080']);
    expect(listeners({ file: 'listen: {https: false}', env: { DOCKER_PROXY_SSL_PORT: '444' } })).toHaveLength(2);
  });

  it('can have names of their own, speak TLS and say what clients see', () => {
    const file =
      'listen: {admin: {address: "127.0.0.1:9", tls: true}, https: {port: 8443, public: 443}, constructor: 7}';
    const list = resolve({ file }).settings.listeners;
    expect(list.map(({ id, protocol, publicPort }) => `${id} ${protocol} ${publicPort}`)).toEqual([
      'http http 0',
      'https https 443',
      'admin https 0',
      'constructor http 0',
    ]);
  });

  it('of tcp take the bind address too', () => {
    const { settings } = resolve({
      file: 'tcp: [{listen: [5432, "127.0.0.1:1"], to: db:1}]',
      env: { HOST: '10.0.0.7' },
    });
    expect(settings.streamListeners[0]?.addresses).toEqual([
      { host: '10.0.0.7', port: 5432 },
      { host: '127.0.0.1', port: 1 },
    ]);
  });
});

describe('the bind address', () => {
  it.each(['0.0.0.0', '::', '[::1]', '127.0.0.9', '10.0.0.7'])('is %s when that is one of this machine', (HOST) => {
    expect(resolve({ env: { HOST } }).warnings).toEqual([]);
    expect(listeners({ env: { HOST } })[0]).toContain(HOST.replace(/[[\]]/g, ''));
  });

  it.each(['my-laptop', '10.0.0.8', 'x86_64-linux', '\u001b[31m'])(
    'is ignored with a warning when it is %j',
    (HOST) => {
      const resolved = resolve({ env: { HOST } });
      expect(resolved.problems).toEqual([]);
      expect(resolved.warnings).toHaveLength(1);
      expect(resolved.warnings[0]).not.toContain('\u001b');
      expect(listeners({ env: { HOST } })[0]).toBe('http :::80 else 8080');
    },
  );

  it('of localhost is loopback in both families', () => {
    expect(listeners({ env: { DOCKER_PROXY_HOSTNAME: 'localhost' } })[0]).toBe('http 127.0.0.1:80 ::1:80 else 8080');
  });
});

describe('the admin API', () => {
  it('listens on loopback, also when only a port is given', () => {
    expect(resolve().settings.api.addresses).toEqual([{ host: '127.0.0.1', port: 16_000 }]);
    expect(resolve({ file: 'listen: {api: 17000}' }).settings.api.addresses).toEqual([
      { host: '127.0.0.1', port: 17_000 },
    ]);
    expect(resolve({ env: { DOCKER_PROXY_API_PORT: '1', HOST: '10.0.0.7' } }).settings.api.addresses).toEqual([
      { host: '127.0.0.1', port: 1 },
    ]);
  });

  it('does not start beyond loopback without a token', () => {
    const token = { DOCKER_PROXY_API_TOKEN: 'x'.repeat(32) };
    expect(problems({ env: { DOCKER_PROXY_API_HOST: '0.0.0.0' } })).toEqual(['listen.api (DOCKER_PROXY_API_HOST)']);
    expect(problems({ file: 'listen: {api: "10.0.0.7:1"}' })).toHaveLength(1);
    expect(problems({ env: { DOCKER_PROXY_API_HOST: '0.0.0.0', ...token } })).toEqual([]);
    expect(problems({ env: { DOCKER_PROXY_API_HOST: '::1' } })).toEqual([]);
  });

  it('never shows a bad token', () => {
    const { problems: list } = resolve({ env: { DOCKER_PROXY_API_TOKEN: 'secret token' } });
    expect(list).toHaveLength(1);
    expect(JSON.stringify(list)).not.toContain('secret');
  });
});

describe('the engine', () => {
  const engine = (env: Environment, facts = ROOT) => resolve({ env, facts }).settings.docker.engines[0];

  it('is the usual socket, or the first of the rootless ones that is there', () => {
    expect(engine({})?.socketPath).toBe('/var/run/docker.sock');
    const facts = { ...USER, fileExists: (path: string) => path === '/run/user/1000/docker.sock' };
    expect(engine({ XDG_RUNTIME_DIR: '/run/user/1000' }, facts)).toEqual({
      name: 'unix:///run/user/1000/docker.sock',
      socketPath: '/run/user/1000/docker.sock',
      host: '',
      port: 0,
      tls: null,
    });
  });

  it('is what DOCKER_HOST says, else DOCKER_SOCK_PATH, whatever the file says', () => {
    expect(engine({ DOCKER_HOST: 'unix:///a.sock', DOCKER_SOCK_PATH: '/b.sock' })?.name).toBe('unix:///a.sock');
    expect(engine({ DOCKER_SOCK_PATH: '/b.sock' })?.name).toBe('unix:///b.sock');
    const both = resolve({ file: 'docker: [tcp://a, tcp://b]', env: { DOCKER_HOST: '10.0.0.1:2375' } });
    expect(both.settings.docker).toMatchObject({
      isNamed: true,
      engines: [{ name: 'tcp://10.0.0.1:2375', tls: null }],
    });
  });

  it('speaks TLS as the docker client does, but verifies unless told otherwise', () => {
    const DOCKER_HOST = 'tcp://10.0.0.1:2376';
    expect(engine({ DOCKER_HOST })?.tls).toBeNull();
    expect(engine({ DOCKER_HOST: 'https://10.0.0.1' })?.tls).toEqual({ certPath: '', verify: true });
    expect(engine({ DOCKER_HOST, DOCKER_TLS_VERIFY: '1' }, USER)?.tls).toEqual({
      certPath: '/home/ada/.docker',
      verify: true,
    });
    expect(engine({ DOCKER_HOST, DOCKER_CERT_PATH: 'certs' })?.tls).toEqual({ certPath: '/srv/certs', verify: true });
    expect(engine({ DOCKER_HOST, DOCKER_CERT_PATH: '/c', DOCKER_TLS_VERIFY: '' })?.tls).toEqual({
      certPath: '/c',
      verify: false,
    });
    expect(engine({ DOCKER_HOST: 'unix:///a.sock', DOCKER_TLS_VERIFY: '1' })?.tls).toBeNull();
  });

  it('comes from the file with certificates beside the file, or is none at all', () => {
    const file = 'docker: {engines: {url: "tcp://a:2376", certPath: certs, tlsVerify: false}, trustImages: true}';
    expect(resolve({ file }).settings.docker).toEqual({
      engines: [
        { name: 'tcp://a:2376', socketPath: '', host: 'a', port: 2376, tls: { certPath: '/etc/certs', verify: false } },
      ],
      isNamed: true,
      trustImages: true,
      exposedByDefault: true,
      readiness: true,
      dialects: {},
    });
    expect(resolve({ file: 'docker: []' }).settings.docker).toMatchObject({ engines: [], isNamed: true });
    expect(resolve({ file: 'docker: {readiness: false}' }).settings.docker.readiness).toBe(false);
  });
});

describe('workers', () => {
  const count = (given: Given): number => resolve(given).settings.workers.count;

  it('are as many as CPUs, at most 256', () => {
    expect(count({})).toBe(4);
    expect(count({ facts: { ...ROOT, cpuCount: 512 } })).toBe(256);
    expect(count({ file: 'workers: 2' })).toBe(2);
    expect(count({ file: 'workers: 2', env: { DOCKER_PROXY_WORKER_LIMIT: 'auto' } })).toBe(4);
    expect(count({ file: 'workers: 2', flags: { workers: '7' } })).toBe(7);
  });

  it('is one where ports cannot be shared, with a warning for who asked for more', () => {
    const facts = { ...ROOT, canSharePorts: false };
    expect(resolve({ facts })).toMatchObject({ settings: { workers: { count: 1 } }, warnings: [] });
    expect(resolve({ facts, file: 'workers: 3' }).warnings).toHaveLength(1);
  });
});

describe('paths', () => {
  const paths = (env: Environment, facts: Facts) => resolve({ env, facts }).settings.paths;

  it('of root are those of the system', () => {
    expect(paths({}, ROOT)).toEqual({
      state: '/var/lib/docker-proxy',
      ipcSocket: '/var/lib/docker-proxy/run/dproxy.sock',
      lock: '/var/lib/docker-proxy/lock',
      apiToken: '/var/lib/docker-proxy/api.token',
      pid: '/var/run/docker-proxy/docker-proxy.pid',
      ssl: '',
      pm2Home: '',
    });
  });

  it('of an ordinary user are in the XDG state folder, unless that is relative', () => {
    expect(paths({}, USER).state).toBe('/home/ada/.local/state/docker-proxy');
    expect(paths({ XDG_STATE_HOME: '/x' }, USER).state).toBe('/x/docker-proxy');
    expect(paths({ XDG_STATE_HOME: 'x' }, USER).state).toBe('/home/ada/.local/state/docker-proxy');
  });

  it('are relative to where dproxy was started, and know the home folder', () => {
    expect(paths({ DOCKER_PROXY_STATE_PATH: 'state', DOCKER_PROXY_SSL_PATH: '~/certs' }, ROOT)).toMatchObject({
      state: '/srv/state',
      ssl: '/root/certs',
    });
  });

  it('of two instances with two state paths have nothing in common', () => {
    const [one, two] = ['/one', '/two'].map((state) => paths({ DOCKER_PROXY_STATE_PATH: state }, ROOT));
    const shared = Object.values(one ?? {}).filter((path) => path !== '' && Object.values(two ?? {}).includes(path));
    expect(shared).toEqual([]);
  });

  it('give a socket that the kernel can take, however long the state path is', () => {
    const state = `/long/${'x'.repeat(120)}`;
    const socket = (env: Environment, facts: Facts): string =>
      paths({ DOCKER_PROXY_STATE_PATH: state, ...env }, facts).ipcSocket;
    expect(socket({}, ROOT)).toMatch(/^\/var\/run\/docker-proxy\/[0-9a-f]{16}\.sock$/);
    expect(socket({ XDG_RUNTIME_DIR: '/run/user/1000' }, USER)).toMatch(
      /^\/run\/user\/1000\/dproxy\/[0-9a-f]{16}\.sock$/,
    );
    expect(socket({ XDG_RUNTIME_DIR: `/${'y'.repeat(120)}` }, USER)).toMatch(/^\/tmp\/dproxy-1000\//);
    expect(socket({}, { ...USER, tempFolder: `/${'y'.repeat(120)}` })).toMatch(/^\/tmp\/dproxy-1000\//);
    const edge = `/${'x'.repeat(100 - '/run/dproxy.sock'.length - 1)}`;
    expect(Buffer.byteLength(paths({ DOCKER_PROXY_STATE_PATH: edge }, ROOT).ipcSocket)).toBe(100);
    expect(paths({ DOCKER_PROXY_STATE_PATH: edge }, ROOT).ipcSocket).toContain('/run/dproxy.sock');
  });
});

describe('the file', () => {
  it('is searched in the order of the contract', () => {
    const config = (present: readonly string[], env: Environment = {}) =>
      resolve({ env, facts: { ...ROOT, fileExists: (path) => present.includes(path) } }).settings.config;
    const old = '/etc/docker-proxy/docker-proxy.yaml';
    expect(config([old, '/etc/dproxy.yml'])).toEqual({ path: '/etc/dproxy.yml', isNamed: false });
    expect(config([old])).toEqual({ path: old, isNamed: false });
    expect(config([])).toEqual({ path: '/etc/dproxy.yml', isNamed: false });
    expect(config([old], { DOCKER_PROXY_CONFIG_FILE_PATH: 'a.yml' })).toEqual({ path: '/srv/a.yml', isNamed: true });
    expect(config([], { DOCKER_PROXY_CONFIG_PATH: '/b.yml', DOCKER_PROXY_CONFIG_FILE_PATH: '/a.yml' }).path).toBe(
      '/b.yml',
    );
  });

  it('sets what workers need, with the defaults of every limit that it does not name', () => {
    const { settings } = resolve({
      file: `
trustedProxies: 10.0.0.0/8
debug: {clients: [10.1.0.0/16]}
headers: {debug: false}
localNames: {clients: 192.168.0.0/16}
limits: {headMs: 5s}
accessLog: true
drain: 0
wildcards: {fallThrough: false}
ownership: project
pages: pages
log: {level: debug, folder: true}
plugins: {auth: ./auth.ts, cors: "@fastify/cors"}
`,
    });
    expect(settings.worker).toMatchObject({
      trustedProxies: ['10.0.0.0/8'],
      debugClients: ['10.1.0.0/16'],
      debugHeaders: false,
      localNamesClients: ['192.168.0.0/16'],
      accessLog: true,
      serverName: 'edge-1',
      drainMs: 0,
      limits: { headMs: 5_000, keepAliveMs: 75_000 },
    });
    expect(settings).toMatchObject({
      fallThrough: false,
      ownership: 'project',
      pages: '/etc/pages',
      log: { level: 'debug', folder: '/var/log/docker-proxy' },
      plugins: [
        { name: 'auth', module: '/etc/auth.ts' },
        { name: 'cors', module: '@fastify/cors' },
      ],
    });
  });

  it('leaves plain data that can be sent to another process', () => {
    const { settings } = resolve({ file: 'listen: {http: 81}\ntcp: [{listen: 1, to: a:1}]' });
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
  });
});

describe('wrong flags and variables', () => {
  it('are all told at once, with what was got, expected and how to mend it', () => {
    const { problems: list } = resolve({
      env: {
        DOCKER_PROXY_PORT: '70000',
        DOCKER_PROXY_SSL_PORT: 'https',
        DOCKER_PROXY_API_PORT: '-1',
        DOCKER_PROXY_API_HOST: 'example.com',
        DOCKER_PROXY_WORKER_LIMIT: '0',
        DOCKER_PROXY_WORKER_SILENT: 'maybe',
        DOCKER_PROXY_STATE_PATH: 'a\0b',
        DOCKER_HOST: 'ssh://host',
        DOCKER_SOCK_PATH: 'relative.sock',
      },
      flags: { workers: '257' },
    });
    expect(list.map(({ path }) => path).sort()).toEqual([
      '--workers',
      'DOCKER_HOST',
      'DOCKER_PROXY_API_HOST',
      'DOCKER_PROXY_API_PORT',
      'DOCKER_PROXY_PORT',
      'DOCKER_PROXY_SSL_PORT',
      'DOCKER_PROXY_STATE_PATH',
      'DOCKER_PROXY_WORKER_SILENT',
      'DOCKER_SOCK_PATH',
    ]);
    expect(list.find(({ path }) => path === 'DOCKER_PROXY_PORT')).toEqual({
      path: 'DOCKER_PROXY_PORT',
      got: '"70000" (not a port)',
      expected: 'a port from 0 to 65535',
      fix: 'Correct or unset DOCKER_PROXY_PORT.',
    });
  });

  it('that are empty count as not set', () => {
    const env = { PORT: '', DOCKER_HOST: '', DOCKER_PROXY_PORT: '', DOCKER_PROXY_WORKER_LIMIT: '', HOST: '' };
    expect(resolve({ env })).toEqual(resolve());
  });
});
