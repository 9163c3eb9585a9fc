/** The exit codes of every command. */
export const exitCodes = {
  /** The command reached its end, was ended by SIGTERM or SIGHUP, or the reader of its output has closed the pipe. */
  ended: 0,
  /** Something failed on this machine: output or state could not be written, a payload was not JSON, a check failed. */
  failed: 1,
  /** The command line is invalid; no request was sent. */
  usage: 2,
  /** The server's response is final, and it is not a usable stream. */
  refused: 3,
  /** As many attempts in a row failed as `--max-attempts` allows. */
  gaveUp: 4,
  /** SIGINT, usually from Ctrl-C, ended the command; shells use the same number. */
  interrupted: 130,
} as const
