import { assert } from 'chai'
import type { Answer, Plan, SeenRequest } from '../../fixtures/feed-server/plan.ts'
import type { ErrorEvent, EventSource, EventSourceInit } from '../../src/index.ts'
import type { ConformanceCase, ConformanceContext } from './case.ts'

/** How long a case waits for what must happen before it says what did not; a busy machine takes its time. */
const longestWait = 60_000

/** What one case plays on: a key of its own on the feed server, and the sources it opened. */
export class Scene {
  readonly context: ConformanceContext
  readonly key = `k${Math.random().toString(36).slice(2)}`
  readonly #sources: EventSource[] = []
  #planned = false

  constructor(context: ConformanceContext) {
    this.context = context
  }

  /** Hands the answers of this case to the feed server. */
  async plan(answers: readonly Answer[], settings: Omit<Plan, 'answers'> = {}): Promise<void> {
    this.#planned = true
    await this.#ask('plan', { body: JSON.stringify({ answers, ...settings } satisfies Plan) })
  }

  /** An address under which the feed server plays the plan; `path` is put after `/feed`. */
  url(path = '', origin = this.context.feed): string {
    return `${origin}/feed${path}${path.includes('?') ? '&' : '?'}key=${this.key}`
  }

  /** Opens a source on the plan, which is closed with the scene. */
  open(init?: EventSourceInit, url: string | URL = this.url()): EventSource {
    return this.track(new this.context.EventSource(url, init))
  }

  /** Has a source closed with the scene. */
  track<Source extends EventSource>(source: Source): Source {
    this.#sources.push(source)
    return source
  }

  /** Opens a source and records its events, those of the given types too. */
  watch(init?: EventSourceInit, ...types: string[]): Watch {
    return new Watch(this.open(init), this.context, types)
  }

  observe(source: EventSource, ...types: string[]): Watch {
    return new Watch(source, this.context, types)
  }

  async openGate(name: string): Promise<void> {
    await this.#ask('gate', { name })
  }

  /** What the server saw, preflights left out, once `count` requests have come and `over` of them are over. */
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

  /** Browsers open no more than six connections to an origin: what steers a scene goes to the other one. */
  #control(route: string, query: Record<string, string>): string {
    return `${this.context.otherOrigin}/${route}?${new URLSearchParams({ key: this.key, ...query })}`
  }
}

/** One event, and how things stood when it was dispatched. */
export interface Sighting {
  readonly type: string
  readonly event: Event
  readonly readyState: number
}

/** Records the events of a source, and lets a case wait for the next one of a type. */
export class Watch {
  readonly source: EventSource
  readonly seen: Sighting[] = []
  readonly #context: ConformanceContext
  readonly #taken = new Map<string, number>()
  readonly #waiting = new Set<() => void>()

  constructor(source: EventSource, context: ConformanceContext, types: readonly string[]) {
    this.source = source
    this.#context = context
    for (const type of new Set(['open', 'message', 'error', ...types])) {
      source.addEventListener(type, (event: Event) => {
        this.seen.push({ type, event, readyState: source.readyState })
        for (const look of [...this.#waiting]) look()
      })
    }
  }

  /** The first event of the type that has not been taken yet; waits for it where it has not come. */
  async next(type: string): Promise<Sighting> {
    const index = this.#taken.get(type) ?? 0
    this.#taken.set(type, index + 1)
    const find = (): Sighting | undefined => this.seen.filter((sighting) => sighting.type === type)[index]
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
    return this.seen.map((sighting) => sighting.type)
  }

  /** The messages so far, of any type, as [type, data, lastEventId]. */
  get messages(): [type: string, data: string, lastEventId: string][] {
    return this.seen
      .filter(({ event }) => 'data' in event)
      .map(({ event }) => {
        const { type, data, lastEventId } = event as MessageEvent<string>
        return [type, data, lastEventId]
      })
  }

  /**
   * Looks again upon each event, but only when its dispatch is over: promises settle between two listeners, and a case
   * that goes on then would miss what the later ones do.
   */
  #await(find: () => Sighting | undefined): Promise<Sighting | undefined> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(find())
      }
      const look = (): void => {
        if (find() !== undefined) setTimeout(settle)
      }
      const timer = setTimeout(settle, longestWait)
      this.#waiting.add(look)
      look()
    })
  }
}

/**
 * Lets a little time pass in which something must not happen. What must happen is awaited instead: by its event, or by
 * the request at the server.
 */
export function aWhile(milliseconds = 60): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** All values of a header, a character for each byte; none where it was not sent. */
export function valuesOf(request: SeenRequest | undefined, name: string): string[] {
  assert.isDefined(request)
  return (request?.headers ?? [])
    .filter(([sent]) => sent.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}

/** The bytes of a text in UTF-8, a character for each. */
export function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

type Extras = Pick<ConformanceCase, 'limits' | 'timeout'>

/** Makes cases under one section of the standard; each gets a scene, which is cleared away however the case ends. */
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
