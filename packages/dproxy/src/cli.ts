// The command line: exit 0 fine, 1 failed, 2 wrong usage.
// Each command loads its own code: `dproxy status --quiet` is a container's health check, every ten seconds of its life.
import { AdminError } from '@dproxy/admin/client';
import { Command, CommanderError } from 'commander';
import { VERSION } from './banner.ts';
import { addFlags, contextOf } from './commands/context.ts';
import { clientAddress, explain, headerLine, requestMethod, requestUrl } from './commands/explain.ts';
import { CommandFailed } from './commands/failure.ts';

const program = new Command('dproxy')
  .description('The front door of a host that runs Docker containers')
  .version(VERSION, '-V, --version')
  // Or `import` would take the options of `import certs` for its own.
  .enablePositionalOptions()
  .exitOverride();

define('start', 'run in the foreground until Ctrl-C')
  .option('--detach', 'run in the background; returns when the workers serve')
  .action(async (options: Options) => {
    const { start } = await import('./commands/start.ts');
    await start(contextOf(options), { isDetached: options['detach'] === true });
  });
define('stop', 'end the instance of this state folder')
  .option('--orphans', 'only what a killed PM2 has left over')
  .action(async (options: Options) => {
    const { stop } = await import('./commands/stop.ts');
    await stop(contextOf(options), { onlyOrphans: options['orphans'] === true });
  });
define('status', 'balancer, workers and warnings; exit 1 when nothing is served')
  .option('--quiet', 'only the exit code')
  .action(async (options: Options) => {
    const { status } = await import('./commands/status.ts');
    await status(contextOf(options), { isQuiet: options['quiet'] === true });
  });
define('validate', 'check a dproxy.yml, with line and column, or what compose files say to dproxy')
  .argument('[files...]', 'default: the dproxy.yml that start would read')
  .option('--containers', 'what a running dproxy refuses of its containers, instead of files')
  .action(async (files: string[], options: Options) => {
    const { validate, validateContainers } = await import('./commands/validate.ts');
    await (options['containers'] === true
      ? validateContainers(contextOf(options))
      : validate(contextOf(options), files));
  });
define('routes', 'what is served').action(async (options: Options) => {
  const { routes } = await import('./commands/routes.ts');
  await routes(contextOf(options));
});
define('explain', 'what a URL is answered with, and why; exit 1 when nothing answers it')
  .argument('<url>', 'such as https://app.example.com/path; http unless it says https', requestUrl)
  .option('--method <name>', 'of the request (default: GET)', requestMethod)
  .option('--header <line>', 'a header of the request, "Name: value"; may be given several times', headerLine)
  .option('--client <address>', 'of the client (default: this machine)', clientAddress)
  .option('--client-certificate', 'the client shows a certificate that the host accepts')
  .action((url: string, options: Options) => explain(contextOf(options), url, options));
define('certificates', 'every certificate, and every name that waits for one')
  .option('--retry <host>', 'try this name again now')
  .action(async (options: Options) => {
    const { certificates } = await import('./commands/certificates.ts');
    await certificates(contextOf(options), options['retry'] as string | undefined);
  });
define('trust', 'where the root of the local CA is, and how clients are told to trust it').action(
  async (options: Options) => {
    const { trust } = await import('./commands/trust.ts');
    await trust(contextOf(options));
  },
);
const importing = define('import', 'what dproxy understands of what was written for other proxies')
  .enablePositionalOptions()
  .argument('[compose-files...]', 'default: the containers of a running dproxy')
  .option(
    '--dry-run',
    'say what would be served; there is nothing else to do, as labels and variables stay where they are',
  )
  .action(async (files: string[], options: Options) => {
    if (options['dryRun'] !== true) importing.error('error: labels are read where they are: add --dry-run to see how');
    const { importLabels } = await import('./commands/import-labels.ts');
    await importLabels(contextOf(options), files);
  });
addFlags(
  importing
    .command('certs')
    .description("certificates of Traefik's acme.json, nginx-proxy, certbot, Caddy, acme.sh or lego")
    .argument('<path>', 'the file or the folder; it stays as it is')
    .option('--dry-run', 'only say what would be taken')
    .option('--json', 'print JSON'),
).action(async (path: string, options: Options) => {
  const { importCerts } = await import('./commands/import.ts');
  await importCerts(contextOf(options), path, { isDryRun: options['dryRun'] === true });
});
define('version', 'the version').action((options: Options) => contextOf(options).answer(VERSION, { version: VERSION }));

type Options = Readonly<Record<string, unknown>>;

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function define(name: string, description: string): Command {
  return addFlags(program.command(name).description(description).option('--json', 'print JSON'));
}

function exitCodeOf(error: unknown): number {
  // Help and version are no errors; everything else that commander throws is wrong usage, and it has said so.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isExpected = error instanceof CommandFailed || error instanceof AdminError;
  process.stderr.write(`dproxy: ${isExpected ? error.message : String((error as Error).stack ?? error)}\n`);
  return 1;
}
