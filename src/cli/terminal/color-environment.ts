/**
 * Makes the variables about colors unambiguous, before Node reads them: an empty NO_COLOR is one that is not set
 * (https://no-color.org), and any other one wins over FORCE_COLOR. Node would decide otherwise, and print a warning.
 */
export function resolveColorVariables(environment: NodeJS.ProcessEnv): void {
  Reflect.deleteProperty(environment, environment['NO_COLOR'] ? 'FORCE_COLOR' : 'NO_COLOR')
}
