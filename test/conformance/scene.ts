import { assert } from 'chai'
import type { Answer, Plan, SeenRequest } from '../../fixtures/feed-server/plan.ts'
import type { ErrorEvent, EventSource, EventSourceInit } from '../../src/index.ts'
import type { ConformanceCase, ConformanceContext } from './case.ts'

/** The time that a case waits for an expected event before it fails, long enough for a busy machine. */
const maxWait = 60_000

/** The resources of one case: its own key on the feed server, and the sources that it opened. */
export class Scene {
  readonly context: ConformanceContext
  readonly key = `k${Math.random().toString(36).slice(2)}`
  readonly #sources: EventSource[] = []
  #planned = false

  constructor(context: ConformanceContext) {
    this.context = context
  }

  /** Sends the planned answers of this case to the feed server. */
  async plan(answers: readonly Answer[], settings: Omit<Plan, 'answers'> = {}): Promise<void> {
    this.#planned = true
    await this.#ask('plan', { body: JSON.stringify({ answers, ...settings } satisfies Plan) })
  }

  /** Returns a URL that the feed server answers by the plan. `path` is appended to `/feed`. */
  url(path = '', origin = this.context.feed): string {
    return `${origin}/feed${path}${path.includes('?') ? '&' : '?'}key=${this.key}`
  }

  /** Opens a source on the plan, which is closed with the scene. */
  open(init?: EventSourceInit, url: string | URL = this.url()): EventSource {
    return this.track(new this.context.EventSource(url, init))
  }

  /** Registers a source that is closed with the scene. */
  track<Source extends EventSource>(source: Source): Source {
    this.#sources.push(source)
    return source
  }

  /** Opens a source and records its events, including those of the given types. */
  watch(init?: EventSourceInit, ...types: string[]): Watch {
    return new Watch(this.open(init), this.context, types)
  }

  observe(source: EventSource, ...types: string[]): Watch {
    return new Watch(source, this.context, types)
  }

  async openGate(name: string): Promise<void> {
    await this.#ask('gate', { name })
  }

  /**
   * Returns the requests that the server received, without preflights, once `count` have come and `over` have ended.
   */
  async requests(expected: { count?: number; over?: number } = {}): Promise<SeenRequest[]> {
    const { count = 0, over = 0 } = expected
    const seen = (await this.allRequests({ count, over })).filter((request) => request.method !== 'OPTIONS')
    assert.isAtLeast(seen.length, count, 'requests that reached the server')
    assert.isAtLeast(seen.filter((request) => !request.open).length, over, 'requests that are over')
    return seen
  }

  async allRequests({ count = 0, over = 0 } = {}): Promise<SeenRequest[]> {
    const response = await fetch(this.#control('requests', { count: String(count), over: String(over) }))
    return (await response.json()) as SeenRequest[]
  }

  async preflights(): Promise<SeenRequest[]> {
    return (await this.allRequests()).filter((request) => request.method === 'OPTIONS')
  }

  async close(): Promise<void> {
    for (const source of this.#sources) source.close()
    if (this.#planned) await this.#ask('forget')
  }

  async #ask(route: string, { name, body = '' }: { name?: string; body?: string } = {}): Promise<void> {
    const response = await fetch(this.#control(route, name === undefined ? {} : { name }), { method: 'POST', body })
    if (!response.ok) throw new Error(`The feed server answered ${response.status} to ${route}`)
    await response.text()
  }

  /** Control requests use the other origin, because browsers open at most six connections to an origin. */
  #control(route: string, query: Record<string, string>): string {
    return `${this.context.otherOrigin}/${route}?${new URLSearchParams({ key: this.key, ...query })}`
  }
}

/** An event, with the readyState at the time of its dispatch. */
export interface RecordedEvent {
  readonly type: string
  readonly event: Event
  readonly readyState: number
}

/** Records the events of a source, and lets a case wait for the next one of a type. */
export class Watch {
  readonly source: EventSource
  readonly seen: RecordedEvent[] = []
  readonly #context: ConformanceContext
  readonly #taken = new Map<string, number>()
  readonly #waiting = new Set<() => void>()

  constructor(source: EventSource, context: ConformanceContext, types: readonly string[]) {
    this.source = source
    this.#context = context
    for (const type of new Set(['open', 'message', 'error', ...types])) {
      source.addEventListener(type, (event: Event) => {
        this.seen.push({ type, event, readyState: source.readyState })
        for (const check of [...this.#waiting]) check()
      })
    }
  }

  /** Returns the next event of the type, and waits for it if necessary. */
  async next(type: string): Promise<RecordedEvent> {
    const index = this.#taken.get(type) ?? 0
    this.#taken.set(type, index + 1)
    const find = (): RecordedEvent | undefined => this.seen.filter((recorded) => recorded.type === type)[index]
    const found = await this.#await(find)
    if (found === undefined) {
      assert.fail(`no ${type} event number ${index + 1} came; there came: ${this.types.join(', ') || 'nothing'}`)
    }
    return found
  }

  async nextMessage(type = 'message'): Promise<MessageEvent<string>> {
    return (await this.next(type)).event as MessageEvent<string>
  }

  async nextError(): Promise<ErrorEvent> {
    const { event } = await this.next('error')
    assert.instanceOf(event, this.#context.ErrorEvent)
    return event as ErrorEvent
  }

  get types(): string[] {
    return this.seen.map((recorded) => recorded.type)
  }

  /** The messages of any type so far, as [type, data, lastEventId]. */
  get messages(): [type: string, data: string, lastEventId: string][] {
    return this.seen
      .filter(({ event }) => 'data' in event)
      .map(({ event }) => {
        const { type, data, lastEventId } = event as MessageEvent<string>
        return [type, data, lastEventId]
      })
  }

  /**
   * Checks again after each event, but only when its dispatch is over: promises settle between two listeners, and a
   * case that continued then would miss the effects of the later ones.
   */
  #await(find: () => RecordedEvent | undefined): Promise<RecordedEvent | undefined> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(find())
      }
      const check = (): void => {
        if (find() !== undefined) setTimeout(settle)
      }
      const timer = setTimeout(settle, maxWait)
      this.#waiting.add(check)
      check()
    })
  }
}

/**
 * Waits for a short time in which something must not happen. Expected changes are awaited by their event, or by the
 * request at the server.
 */
export function pause(milliseconds = 60): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Returns all values of a header, one character for each byte; none if the header was not sent. */
export function valuesOf(request: SeenRequest | undefined, name: string): string[] {
  assert.isDefined(request)
  return (request?.headers ?? [])
    .filter(([sent]) => sent.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}

/** Returns the bytes of a text in UTF-8, one character for each. */
export function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

type Extras = Pick<ConformanceCase, 'limits' | 'timeout'>

/**
 * Returns a function that creates cases for one section of the standard. Each case gets a scene that is closed in the
 * end.
 */
export function under(
  source: string,
): (name: string, run: (scene: Scene) => Promise<void>, extras?: Extras) => ConformanceCase {
  return (name, run, extras = {}) => ({
    name,
    source,
    ...extras,
    run: async (context) => {
      const scene = new Scene(context)
      try {
        await run(scene)
      } finally {
        await scene.close()
      }
    },
  })
}
