import { connect } from 'node:tls'

/** The certificate of a server, whether it is trusted or not. */
export interface ProbedCertificate {
  readonly validFrom: Date
  readonly validTo: Date
}

/**
 * Completes a TLS handshake with the server of a URL, without checking its certificate, and disconnects.
 * @param time the maximum time in ms
 * @returns the certificate, or undefined if the port does not use TLS
 */
export async function probeTls(
  { hostname, port, protocol }: URL,
  time: number,
): Promise<ProbedCertificate | undefined> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({
    host,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    // A server name must not be an IP address.
    ...(!/^[\d.]+$|:/.test(host) && { servername: host }),
    rejectUnauthorized: false,
    timeout: time,
  })
  try {
    return await new Promise((resolve) => {
      socket.once('error', () => resolve(undefined))
      socket.once('timeout', () => resolve(undefined))
      socket.once('secureConnect', () => {
        const { valid_from: from, valid_to: to } = socket.getPeerCertificate()
        resolve({ validFrom: new Date(from), validTo: new Date(to) })
      })
    })
  } finally {
    socket.destroy()
  }
}
