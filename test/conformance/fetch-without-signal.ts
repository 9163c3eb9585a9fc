/** Sends a request as the platform does, but ignores the signal. */
export function fetchWithoutSignal(url: string): Promise<Response> {
  return fetch(url)
}
