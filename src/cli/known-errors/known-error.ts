/** What kind of error it is: with `certificate` and `unknown-host`, retrying rarely helps. */
export type NetworkErrorKind = 'certificate' | 'unknown-host' | 'other'

/** The members that errors of Node, OpenSSL and undici have. */
export interface NetworkError extends Error {
  readonly code?: unknown
  /** OpenSSL's reason, without the location in its source. */
  readonly reason?: unknown
  /** The errors of all addresses that were tried. */
  readonly errors?: readonly unknown[]
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
  readonly host?: string
  readonly cert?: { readonly subjectaltname?: string }
}

/** What is said about an error. */
export interface KnownError {
  /** Matches the code of the error, or its name if it has no code. */
  readonly code: RegExp
  /** Matches the message of the error; absent matches every message. */
  readonly text?: RegExp
  readonly kind?: NetworkErrorKind
  readonly message: string | ((error: NetworkError) => string)
  readonly fix: string | ((error: NetworkError) => string)
}
