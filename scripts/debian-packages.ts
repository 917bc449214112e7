// Installs what the tests need from Debian, when we are root on Debian and it is absent.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

/** A file that proves the package is there, and why tests need it. */
const PACKAGES = [
  { name: 'docker.io', proof: '/usr/sbin/dockerd', why: 'the Docker engine that discovery is tested on' },
  { name: 'iptables', proof: '/usr/sbin/iptables', why: "the engine's published ports" },
  { name: 'iproute2', proof: '/bin/ip', why: 'the network namespace that tests run in' },
  { name: 'bind9', proof: '/usr/sbin/named', why: 'the name server that takes dynamic updates' },
  // Not /bin/busybox: where there is an initramfs it is the one that needs libraries, which small images do not have.
  { name: 'busybox-static', proof: '/var/lib/dpkg/info/busybox-static.list', why: 'small test images' },
  {
    name: 'chromium',
    proof: '/usr/bin/chromium',
    why: 'a browser: what it makes of certificates, HTTP/2 and WebSockets',
  },
  { name: 'libnss3-tools', proof: '/usr/bin/certutil', why: 'what that browser trusts' },
  { name: 'curl', proof: '/usr/bin/curl', why: 'an independent HTTP client' },
  { name: 'nghttp2-client', proof: '/usr/bin/h2load', why: 'independent clients of HTTP/2' },
  { name: 'openssl', proof: '/usr/bin/openssl', why: 'an independent TLS client' },
  { name: 'pebble', proof: '/usr/bin/pebble', why: 'the ACME server and the DNS that certificates are tested with' },
  { name: 'testssl.sh', proof: '/usr/bin/testssl', why: 'the judge of our TLS' },
  { name: 'systemd', proof: '/usr/bin/systemd-analyze', why: 'the check of config/dproxy.service' },
  { name: 'procps', proof: '/sbin/sysctl', why: 'tcp_migrate_req in that namespace' },
] as const;

/** @throws Error naming what is missing, where it cannot be installed and `isRequired` */
export function installDebianPackages({ isRequired }: { isRequired: boolean }): void {
  const missing = PACKAGES.filter((entry) => !existsSync(entry.proof));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    const list = missing.map((entry) => `${entry.name} (${entry.why})`).join(', ');
    if (isRequired) throw new Error(`the tests need ${list}; install them, or run as root on Debian`);
    console.error(`dproxy: without ${list} the tests that need them fail`);
    return;
  }
  if (readdirSync('/var/lib/apt/lists').length < 3) apt(['update']);
  const install = ['install', '-y', '--no-install-recommends', ...missing.map((entry) => entry.name)];
  if (!apt(install)) {
    apt(['update']);
    if (!apt(install)) throw new Error(`apt-get could not install ${missing.map((entry) => entry.name).join(', ')}`);
  }
}

/** The switch of Debian that keeps packages from starting their services: here the machine's own engine. */
const POLICY = '/usr/sbin/policy-rc.d';

function apt(args: string[]): boolean {
  console.error(`dproxy: apt-get ${args.join(' ')}`);
  const isOurPolicy = !existsSync(POLICY);
  if (isOurPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const result = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return result.status === 0;
  } finally {
    if (isOurPolicy) rmSync(POLICY, { force: true });
  }
}
