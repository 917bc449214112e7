import type { RouteRow } from '@dproxy/admin/client';
import type { ContainerView, Rejection } from '@dproxy/core';
import type { ComposeReport, ServiceReport } from '../compose/assess-compose.ts';
import { problemLine, printable, reportLines } from '../compose/report-lines.ts';
import { composeReports, servedRoutes } from './compose-reports.ts';
import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';

/** What dproxy understands of compose files, or of the containers that run; a failure when something is not understood. */
export async function importLabels(context: Context, files: readonly string[]): Promise<void> {
  await (files.length === 0 ? importRunning(context) : importFiles(context, files));
}

async function importFiles(context: Context, files: readonly string[]): Promise<void> {
  const served = await servedRoutes(context);
  const reports = await composeReports(context, files, served);
  const compared =
    served === undefined ? 'No dproxy runs with these settings: nothing was compared with what it serves.' : '';
  const lines = [...reports.flatMap((report) => [...reportLines(report), '']), summaryOf(reports), compared];
  context.answer(lines.filter((line, index) => line !== '' || index < lines.length - 1).join('\n'), {
    dryRun: true,
    compared: served !== undefined,
    files: reports,
  });
  const count = problemCount(reports);
  if (count > 0) throw failure(`${count} ${count === 1 ? 'thing is' : 'things are'} not understood`);
}

function summaryOf(reports: readonly ComposeReport[]): string {
  const services = reports.flatMap((report) => report.services);
  const isServed = ({ routes, streams }: ServiceReport): boolean =>
    streams.length > 0 || routes.some(({ audience }) => audience === 'everyone');
  const served = services.filter(isServed).length;
  const replaced = services.filter(({ replaces }) => replaces !== '').length;
  return `${services.length} services: ${served} served, ${replaced} replaced by dproxy, ${problemCount(reports)} problems`;
}

function problemCount(reports: readonly ComposeReport[]): number {
  return reports
    .flatMap(({ problems, services }) => [problems, ...services.map((service) => service.problems)])
    .reduce((sum, problems) => sum + problems.length, 0);
}

/** The engine's containers, as the running dproxy sees them. */
async function importRunning(context: Context): Promise<void> {
  const client = await adminClient(context);
  const [containers, rejected, routes] = await Promise.all([client.containers(), client.rejected(), client.routes()]);
  const rows = containers.map((container) => rowOf(container, { rejected, routes }));
  const lines = rows.flatMap(({ name, image, reason, hosts, problems }) => [
    `${name} (image ${image})`,
    ...hosts.map((host) => `    ${host}`),
    ...(reason === '' ? [] : [`    not served: ${reason}`]),
    ...problems.map(problemLine),
  ]);
  context.answer(lines.length === 0 ? 'no containers' : lines.map(printable).join('\n'), {
    dryRun: true,
    containers: rows,
  });
  const count = rows.reduce((sum, { problems }) => sum + problems.length, 0);
  if (count > 0) throw failure(`${count} ${count === 1 ? 'thing is' : 'things are'} not understood`);
}

interface Known {
  readonly rejected: readonly Rejection[];
  readonly routes: readonly RouteRow[];
}

interface Row {
  readonly name: string;
  readonly image: string;
  readonly reason: string;
  readonly hosts: readonly string[];
  readonly problems: readonly Pick<Rejection, 'message' | 'expected'>[];
}

function rowOf({ name, image, reason, engine }: ContainerView, { rejected, routes }: Known): Row {
  const own = routes.filter(({ origins }) =>
    origins.some((origin) => origin.name === name && origin.source === `docker:${engine}`),
  );
  return {
    name,
    image,
    reason,
    hosts: own.map((row) => {
      const lost = row.state === 'shadowed' ? `, shadowed by ${row.shadowedBy.name}: ${row.reason}` : '';
      return `${row.host}${row.path}${lost}`;
    }),
    problems: rejected
      .filter(({ source }) => source === `docker:${name}`)
      .map(({ message, expected }) => ({ message, expected })),
  };
}
