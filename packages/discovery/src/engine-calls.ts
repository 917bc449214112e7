import type Docker from 'dockerode';

/** One endpoint of the engine that dproxy uses. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in the engine's documentation, with `{id}` for what varies. */
  readonly path: string;
  readonly purpose: string;
}

/** What discovery reads. It changes nothing on an engine. docs/engine-access.md says the same, and is held equal by a test. */
export const READ_CALLS: readonly EngineCall[] = [
  { method: 'GET', path: '/_ping', purpose: 'notice an engine that hangs' },
  { method: 'GET', path: '/version', purpose: 'say which engine it is' },
  { method: 'GET', path: '/info', purpose: 'tell rootless engines and Docker Desktop apart; may be forbidden' },
  { method: 'GET', path: '/events', purpose: 'follow containers and networks' },
  { method: 'GET', path: '/containers/json', purpose: 'list containers' },
  { method: 'GET', path: '/containers/{id}/json', purpose: 'labels, variables, ports and addresses of a container' },
  {
    method: 'GET',
    path: '/images/{name}/json',
    purpose: 'tell what is baked into an image from what a container was given; may be forbidden',
  },
  { method: 'GET', path: '/networks', purpose: 'find the networks that dproxy shares' },
];

/** What the container API uses, and nothing else does. */
export const MAKE_CALLS: readonly EngineCall[] = [
  { method: 'GET', path: '/images/{name}/json', purpose: 'see whether the image is there' },
  { method: 'GET', path: '/containers/json', purpose: 'find the containers that the container API made' },
  { method: 'POST', path: '/images/create', purpose: 'pull an image that is absent' },
  { method: 'POST', path: '/containers/create', purpose: 'make a container' },
  { method: 'POST', path: '/containers/{id}/start', purpose: 'start it' },
  { method: 'POST', path: '/containers/{id}/stop', purpose: 'stop it' },
  { method: 'DELETE', path: '/containers/{id}', purpose: 'remove it' },
];

/** What wakes containers and puts them to sleep; nothing here removes anything. */
export const WAKE_CALLS: readonly EngineCall[] = [
  { method: 'GET', path: '/containers/{id}/json', purpose: 'see how far a container is' },
  { method: 'POST', path: '/containers/{id}/start', purpose: 'start it' },
  { method: 'POST', path: '/containers/{id}/unpause', purpose: 'wake it from its pause' },
  { method: 'POST', path: '/containers/{id}/stop', purpose: 'put it to sleep' },
  { method: 'POST', path: '/containers/{id}/pause', purpose: 'put it to sleep where `method: pause` says so' },
  {
    method: 'GET',
    path: '/containers/{id}/logs',
    purpose: 'show its last lines to those who wait, where `logs` says so; may be forbidden',
  },
  {
    method: 'GET',
    path: '/containers/{id}/stats',
    purpose: 'see whether it works before it is put to sleep; may be forbidden',
  },
  { method: 'GET', path: '/networks/{network}', purpose: 'see whether the networks of a project are still there' },
  { method: 'POST', path: '/networks/create', purpose: 'make a network of a compose project again that was removed' },
  { method: 'POST', path: '/networks/{network}/connect', purpose: 'join its containers to it again' },
];

/** Every request of this client passes here: one that the table does not name is not sent, whoever wrote it. */
export function guardCalls(docker: Docker, allowed: readonly EngineCall[]): void {
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  const isAllowed = compileCalls(allowed);
  modem.dial = (options, callback) => {
    const { method, path } = options;
    if (isAllowed(method, path)) dial(options, callback);
    else callback(new Error(`${method} ${path} is no call that dproxy makes to an engine`));
  };
}

interface Modem {
  dial(options: { readonly method: string; readonly path: string }, callback: (error: Error | null) => void): void;
}

/** @returns whether a request is one of these; the target may have a query */
export function compileCalls(allowed: readonly EngineCall[]): (method: string, target: string) => boolean {
  const calls = allowed.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (method, target) => {
    const [path = ''] = target.split('?');
    return calls.some((call) => call.method === method && call.pattern.test(path));
  };
}

/** Names of images have slashes, those of networks dots, ids neither; `..` is in none. */
function patternOf(path: string): RegExp {
  const escaped = path.replaceAll('.', String.raw`\.`);
  const withId = escaped.replace('{id}', '[A-Za-z0-9][A-Za-z0-9_-]*');
  const withNetwork = withId.replace('{network}', String.raw`(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]*`);
  return new RegExp(`^${withNetwork.replace('{name}', String.raw`(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.:/-]*`)}$`);
}
