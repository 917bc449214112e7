import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { statePaths } from '../paths.ts';
import type { Context } from './context.ts';
import { failure } from './failure.ts';

/** How one kind of client is told to trust a root. */
interface Recipe {
  readonly system: string;
  readonly commands: readonly string[];
}

/** Says where the root of the local CA is and how it is installed. Changes nothing: whom to trust is the user's to decide. */
export async function trust(context: Context): Promise<void> {
  const { state } = context.loaded.settings.paths;
  const file = join(statePaths(state).localAuthority, 'root.crt');
  const root = await readRoot(file);
  const facts = {
    file,
    fingerprint256: root.fingerprint256,
    subject: root.subject.replaceAll('\n', ', '),
    notBefore: root.validFromDate.toISOString(),
    notAfter: root.validToDate.toISOString(),
  };
  const recipes = recipesFor(file);
  const lines = [
    `root of the local CA  ${facts.file}`,
    `SHA-256 fingerprint   ${facts.fingerprint256}`,
    `valid until           ${facts.notAfter.slice(0, 10)}`,
    '',
    'Whoever has root.key beside it can be any site for those who trust this root: trust it on this machine, or on machines',
    'that are yours. Nothing is installed by this command.',
    ...recipes.flatMap(({ system, commands }) => ['', system, ...commands.map((command) => `  ${command}`)]),
  ];
  context.answer(lines.join('\n'), { ...facts, recipes });
}

async function readRoot(file: string): Promise<X509Certificate> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw failure(
        `there is no local CA yet: ${file} does not exist. It is made at the first start (dproxy start); ` +
          'where dproxy runs with another state folder, name it: --state',
      );
    }
    if (code === 'EACCES')
      throw failure(`${file} cannot be read by this user: run it as the user of dproxy, or as root`);
    throw failure(`${file} cannot be read: ${message}`);
  }
  try {
    return new X509Certificate(pem);
  } catch {
    throw failure(`${file} is damaged: expected a certificate in PEM`);
  }
}

/** `install -m 644`: the file in the state folder is its owner's alone, and a copy that only root can read helps nobody. */
function recipesFor(file: string): readonly Recipe[] {
  const path = quote(file);
  const debian = '/usr/local/share/ca-certificates/dproxy.crt';
  const fedora = '/etc/pki/ca-trust/source/anchors/dproxy.crt';
  const copy = process.getuid?.() === 0 ? '/usr/local/share/dproxy/root.crt' : path;
  const toShare = copy === path ? [] : [`install -D -m 644 ${path} ${copy}`];
  const nss = (folder: string) => `certutil -d sql:${folder} -A -t C,, -n 'dproxy local CA' -i ${copy}`;
  return [
    { system: 'Debian, Ubuntu', commands: [`sudo install -m 644 ${path} ${debian}`, 'sudo update-ca-certificates'] },
    { system: 'Fedora, RHEL', commands: [`sudo install -m 644 ${path} ${fedora}`, 'sudo update-ca-trust'] },
    { system: 'Arch', commands: [`sudo trust anchor --store ${path}`] },
    { system: 'Alpine', commands: [`install -m 644 ${path} ${debian}`, 'update-ca-certificates'] },
    {
      system: 'macOS',
      commands: [`sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${path}`],
    },
    {
      system: 'Windows, as administrator, with the file copied there',
      commands: ['certutil -addstore -f ROOT root.crt'],
    },
    {
      system: 'Firefox, and Chromium on Linux (NSS), as their user; certutil is in libnss3-tools or nss-tools',
      commands: [
        ...toShare,
        nss('"$HOME/.pki/nssdb"'),
        `for profile in ~/.mozilla/firefox/*.default*/; do ${nss('"$profile"')}; done`,
      ],
    },
    { system: 'Node.js', commands: [...toShare, `export NODE_EXTRA_CA_CERTS=${copy}`] },
    { system: 'curl', commands: [...toShare, `curl --cacert ${copy} https://whoami.localhost/`] },
  ];
}

/** For a POSIX shell. */
function quote(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
