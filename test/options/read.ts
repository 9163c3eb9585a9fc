import { expect } from 'vitest'
import type { EventSourceInit } from '../../src/options/event-source-init.ts'
import type { Policy } from '../../src/options/retry-policy.ts'
import { readSettings } from '../../src/options/settings.ts'

const url = 'http://feed.example/'

/** Reads options as a caller without types can give them. */
export function read(init: unknown): ReturnType<typeof readSettings> {
  return readSettings(url, init as EventSourceInit)
}

export function readPolicy(retry: unknown): Policy {
  return read({ retry }).retry as Policy
}

/** Returns the error that reading throws. */
export function errorOf(read: () => unknown): Error {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return error as Error
  }
  throw new Error('nothing was thrown')
}
