import { afterEach, expect, it, vi } from 'vitest'
import { SharedEventSource } from '../../src/shared/unshared-event-source.ts'

afterEach(() => vi.restoreAllMocks())

it('The SharedEventSource of React Native reads options that are accessors or inherited, and none of sharing', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const sent: string[] = []
  class Options {
    readonly #token = 'Bearer 1'
    readonly scope = 'user 7'
    get headers(): Record<string, string> {
      return { Authorization: this.#token }
    }
    get fetch() {
      return async (_: string | URL, { headers }: { headers: Record<string, string> }): Promise<Response> => {
        sent.push(headers['Authorization'] ?? 'none')
        return new Response(null, { status: 204 })
      }
    }
  }
  const source = new SharedEventSource('http://feed.example/', Object.freeze(new Options()))
  await vi.waitFor(() => expect(source.readyState).toBe(2))
  expect(sent).toEqual(['Bearer 1'])
  expect(warn.mock.calls.flat()).not.toContainEqual(expect.stringContaining('ignores unknown options'))
})
