/** The codes of errors in the verification of a certificate: OpenSSL's, and Node's for another host name. */
const certificateCodes =
  /^(ERR_TLS_CERT_\w+|(DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|(CERT|CRL|UNABLE_TO|ERROR_IN)_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/

/** The errors whose messages are final. */
const described = new WeakSet<Error>()

/** The reason in an error of OpenSSL, whose message also contains addresses and source files, and ends with a line feed. */
function findReason(error: Error): string | undefined {
  const { library, reason } = error as { library?: string; reason?: string }
  if (library && reason) return reason
  // An error of a write has no members of OpenSSL's, only its text.
  return /:SSL routines:[^:]*:([^:\n]+)/.exec(error.message)?.[1]
}

function isRefusedCertificate(error: Error): boolean {
  return certificateCodes.test(`${(error as NodeJS.ErrnoException).code}`)
}

/** Whether TLS is the cause of an error: the encryption, or the certificate. */
export function isTlsError(error: Error): boolean {
  return isRefusedCertificate(error) || findReason(error) !== undefined
}

/** Prevents that the message of an error is changed by {@link describeTlsError}: it says already where TLS failed. */
export function keepMessage<E extends Error>(error: E): E {
  described.add(error)
  return error
}

/**
 * Changes the message of an error of TLS, so that it says where TLS failed, and why, without the addresses and source
 * files of OpenSSL. Does nothing to other errors, or when called again.
 */
export function describeTlsError(error: Error, host: string): void {
  if (described.has(error)) return
  const reason = findReason(error)
  if (reason) error.message = `TLS failed for ${host}: ${reason}`
  else if (isRefusedCertificate(error)) error.message = `the certificate of ${host} was refused: ${error.message}`
  else return
  keepMessage(error)
}
