import type { KnownError } from './known-error.ts'

const trustFix = 'trust it with --cacert FILE, or accept any certificate with --insecure'

/** Why the certificate of a server is refused, the most specific errors first. */
export const certificateErrors: readonly KnownError[] = [
  {
    code: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    kind: 'certificate',
    message: 'the certificate is self-signed',
    fix: `${trustFix}; browsers refuse it until it is trusted`,
  },
  {
    code: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    kind: 'certificate',
    message: 'the certificate is signed by an unknown authority',
    fix: "trust that authority's certificate with --cacert FILE, or accept any certificate with --insecure",
  },
  {
    code: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    kind: 'certificate',
    message: 'the certificate chain is incomplete',
    fix: 'configure the server to send the intermediate certificates, too, or pass them with --cacert FILE',
  },
  {
    code: /^CERT_HAS_EXPIRED$/,
    kind: 'certificate',
    message: 'the certificate has expired',
    fix: 'renew the certificate, or accept any certificate with --insecure',
  },
  {
    code: /^CERT_NOT_YET_VALID$/,
    kind: 'certificate',
    message: 'the certificate is not valid yet',
    fix: 'check the clocks, and the dates of the certificate',
  },
  {
    code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    kind: 'certificate',
    message: ({ host, cert }) =>
      `the certificate is for ${cert?.subjectaltname ? formatAltNames(cert.subjectaltname) : 'another host'}${host ? `, not for ${host}` : ''}`,
    fix: 'use a host name of the certificate, or issue a certificate for this one',
  },
  {
    code: /^CERT_REVOKED$/,
    kind: 'certificate',
    message: 'the certificate was revoked',
    fix: 'replace the certificate',
  },
  {
    code: /^(CERT_SIGNATURE_FAILURE|UNABLE_TO_DECRYPT_CERT_SIGNATURE|UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY)$/,
    kind: 'certificate',
    message: 'the signature of the certificate is wrong',
    fix: 'issue the certificate again',
  },
  {
    code: /^INVALID_PURPOSE$/,
    kind: 'certificate',
    message: 'the certificate is not one for servers',
    fix: 'issue a certificate with the extended key usage serverAuth',
  },
  {
    code: /^(INVALID_CA|PATH_LENGTH_EXCEEDED|CERT_CHAIN_TOO_LONG)$/,
    kind: 'certificate',
    message: 'the certificate is signed by a certificate that may not sign it',
    fix: `issue it with a certificate of an authority; or ${trustFix}`,
  },
  {
    code: /^(CERT_.*|UNABLE_TO_.*|CRL_.*|ERROR_IN_CERT_.*|HOSTNAME_MISMATCH)$/,
    kind: 'certificate',
    message: 'the certificate is not valid',
    fix: `check it with: openssl s_client -connect HOST:PORT; or ${trustFix}`,
  },
]

/** Formats a list such as "DNS:a.example, IP Address:127.0.0.1". */
function formatAltNames(subjectAltName: string): string {
  return subjectAltName.replace(/(DNS|IP Address):/g, '')
}
