export { openDnsSolver, type DnsSolverOptions } from './open-dns-solver.ts';
export { validateDnsSettings } from './read-options.ts';
