/**
 * Makes the variables about colors unambiguous, before Node reads them: an empty NO_COLOR counts as not set
 * (https://no-color.org), and any other value takes precedence over FORCE_COLOR. Node would decide differently, and
 * print a warning.
 */
export function resolveColorVariables(environment: NodeJS.ProcessEnv): void {
  Reflect.deleteProperty(environment, environment['NO_COLOR'] ? 'FORCE_COLOR' : 'NO_COLOR')
}
