import type { ComposeReport, ReportedRoute, ServiceReport } from './assess-compose.ts';

/** The report for people: per service what is understood, what is not, and what would change. */
export function reportLines(report: ComposeReport): readonly string[] {
  return [
    report.file,
    ...report.problems.map(({ message, expected }) => `  ! ${message}; expected ${expected}`),
    ...report.services.flatMap((service) => ['', ...serviceLines(service)]),
  ].map(printable);
}

function serviceLines(service: ServiceReport): readonly string[] {
  const { routes, streams, problems, profiles, replaces, settings } = service;
  const when = profiles.length === 0 ? '' : `, only with the profile ${profiles.join(' or ')}`;
  const head = `  ${service.service} (container ${service.container}, image ${service.image || 'built here'}${when})`;
  if (replaces !== '') {
    return [
      head,
      `    is ${replaces}: dproxy takes its place`,
      ...settings.map((line) => `    in dproxy.yml: ${line}`),
      ...problems.map(problemLine),
    ];
  }
  const local = routes.filter(({ audience }) => audience === 'local').map(({ host }) => host);
  const shown = routes.filter(({ audience }) => audience !== 'local').flatMap(routeLines);
  const raw = streams.map(({ listener, host, to }) => `    ${listener} ${host} -> ${to}`);
  const nothing = shown.length === 0 && raw.length === 0 && problems.length === 0;
  return [
    head,
    ...shown,
    ...raw,
    ...(local.length === 0 ? [] : [`    on this machine also as ${local.join(', ')}`]),
    ...(nothing && local.length === 0 ? ['    not served: it names no host'] : []),
    ...problems.map(problemLine),
  ];
}

const PATH_WORDS = { segments: '', prefix: '*', exact: ' (exactly)' } as const;

function routeLines({ host, path, pathMatch, to, words, change }: ReportedRoute): readonly string[] {
  const which = path === '/' && pathMatch !== 'exact' ? path : `${path}${PATH_WORDS[pathMatch]}`;
  return [
    `    ${host}${which} -> ${to}`,
    ...(words.length === 0 ? [] : [`      ${words.join('; ')}`]),
    ...(change === '' ? [] : [`      ${change}`]),
  ];
}

export function problemLine({ message, expected }: { readonly message: string; readonly expected: string }): string {
  return `    ! ${message}; expected ${expected}`;
}

/** Names and values come from files of others: none of them may write to the terminal what it takes for a command. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
