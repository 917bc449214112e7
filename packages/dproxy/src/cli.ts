// The command line: exit 0 fine, 1 failed, 2 wrong usage.
import { AdminError } from '@dproxy/admin';
import { Command, CommanderError } from 'commander';
import { VERSION } from './banner.ts';
import { certificates } from './commands/certificates.ts';
import { addFlags, contextOf } from './commands/context.ts';
import { clientAddress, explain, headerLine, requestMethod, requestUrl } from './commands/explain.ts';
import { CommandFailed } from './commands/failure.ts';
import { importCerts } from './commands/import.ts';
import { importLabels } from './commands/import-labels.ts';
import { routes } from './commands/routes.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { trust } from './commands/trust.ts';
import { validate, validateContainers } from './commands/validate.ts';

const program = new Command('dproxy')
  .description('The front door of a host that runs Docker containers')
  .version(VERSION, '-V, --version')
  // Or `import` would take the options of `import certs` for its own.
  .enablePositionalOptions()
  .exitOverride();

define('start', 'run in the foreground until Ctrl-C')
  .option('--detach', 'run in the background; returns when the workers serve')
  .action((options: Options) => start(contextOf(options), { isDetached: options['detach'] === true }));
define('stop', 'end the instance of this state folder')
  .option('--orphans', 'only what a killed PM2 has left over')
  .action((options: Options) => stop(contextOf(options), { onlyOrphans: options['orphans'] === true }));
define('status', 'balancer, workers and warnings; exit 1 when nothing is served')
  .option('--quiet', 'only the exit code')
  .action((options: Options) => status(contextOf(options), { isQuiet: options['quiet'] === true }));
define('validate', 'check a dproxy.yml, with line and column, or what compose files say to dproxy')
  .argument('[files...]', 'default: the dproxy.yml that start would read')
  .option('--containers', 'what a running dproxy refuses of its containers, instead of files')
  .action((files: string[], options: Options) =>
    options['containers'] === true ? validateContainers(contextOf(options)) : validate(contextOf(options), files),
  );
define('routes', 'what is served').action((options: Options) => routes(contextOf(options)));
define('explain', 'what a URL is answered with, and why; exit 1 when nothing answers it')
  .argument('<url>', 'such as https://app.example.com/path; http unless it says https', requestUrl)
  .option('--method <name>', 'of the request (default: GET)', requestMethod)
  .option('--header <line>', 'a header of the request, "Name: value"; may be given several times', headerLine)
  .option('--client <address>', 'of the client (default: this machine)', clientAddress)
  .option('--client-certificate', 'the client shows a certificate that the host accepts')
  .action((url: string, options: Options) => explain(contextOf(options), url, options));
define('certificates', 'every certificate, and every name that waits for one')
  .option('--retry <host>', 'try this name again now')
  .action((options: Options) => certificates(contextOf(options), options['retry'] as string | undefined));
define('trust', 'where the root of the local CA is, and how clients are told to trust it').action((options: Options) =>
  trust(contextOf(options)),
);
const importing = define('import', 'what dproxy understands of what was written for other proxies')
  .enablePositionalOptions()
  .argument('[compose-files...]', 'default: the containers of a running dproxy')
  .option(
    '--dry-run',
    'say what would be served; there is nothing else to do, as labels and variables stay where they are',
  )
  .action((files: string[], options: Options) => {
    if (options['dryRun'] !== true) importing.error('error: labels are read where they are: add --dry-run to see how');
    return importLabels(contextOf(options), files);
  });
addFlags(
  importing
    .command('certs')
    .description("certificates of Traefik's acme.json, nginx-proxy, certbot, Caddy, acme.sh or lego")
    .argument('<path>', 'the file or the folder; it stays as it is')
    .option('--dry-run', 'only say what would be taken')
    .option('--json', 'print JSON'),
).action((path: string, options: Options) =>
  importCerts(contextOf(options), path, { isDryRun: options['dryRun'] === true }),
);
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
