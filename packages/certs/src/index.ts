export { AcmeIssuer, type AcmeIssuerOptions } from './acme/acme-issuer.ts';
export type { AcmeWaits } from './acme/order-context.ts';
export { renewalId } from './acme/renewal-window.ts';
export { CertificateFiles, type CertificateFilesOptions, type CertificateFilesState } from './certificate-files.ts';
export { type CertificatePair, PairError, readPair } from './certificate-pair.ts';
export { certificatesFor, type LeafNames } from './certificates-for.ts';
export { coveringNames, isNameCovering } from './covering-names.ts';
export { openDnsSolver, type DnsSolverOptions, validateDnsSettings } from './dns/index.ts';
export { LocalAuthority, type LocalAuthorityOptions, type LocalCertificate } from './local-authority.ts';
export { TicketKeys, type TicketKeysOptions } from './ticket-keys.ts';
export { type CertificateSet, coverHosts } from './local-certificates.ts';
export {
  IssueError,
  type CertificateIssuer,
  type CertificateStore,
  type ChallengeAnswer,
  type ChallengeSolver,
  type IssuedCertificate,
  type IssueProblem,
  type IssueRequest,
  type Lease,
  type RenewalWindow,
  type StoredCertificate,
} from './ports.ts';
export { FileCertificateStore, type FileCertificateStoreOptions } from './store/file-certificate-store.ts';
export { StoreError } from './store/store-error.ts';
export { CertificateUpkeep } from './upkeep/certificate-upkeep.ts';
export type { CertificateUpkeepOptions } from './upkeep/upkeep-options.ts';
export type { UpkeepCounters } from './upkeep/counters.ts';
export {
  IMPORTED_AUTHORITY,
  importCertificates,
  type ImportedCertificate,
  type ImportReport,
} from './import/import-certificates.ts';
export { ImportError } from './import/source-tree.ts';
