export { CertificateFiles, type CertificateFilesOptions, type CertificateFilesState } from './certificate-files.ts';
export { type CertificatePair, PairError, readPair } from './certificate-pair.ts';
export { certificatesFor, type LeafNames } from './certificates-for.ts';
export { coveringNames, isNameCovering } from './covering-names.ts';
export { LocalAuthority, type LocalAuthorityOptions, type LocalCertificate } from './local-authority.ts';
export { type CertificateSet, coverHosts } from './local-certificates.ts';
