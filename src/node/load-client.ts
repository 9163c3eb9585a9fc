import type { Client } from 'undici'

/** Loads undici's Client: its own file or, if a version of undici has none at that path, the whole of undici. */
export async function loadClient(): Promise<typeof Client> {
  try {
    return (await import('./undici-client.ts')).Client
  } catch {
    return (await import('./undici.ts')).Client
  }
}
