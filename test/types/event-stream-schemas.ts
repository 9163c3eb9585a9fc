// Schemas of other libraries, through the interface that they share: their output types determine the type of the data.
import { openEventStream } from 'everysource'
import * as v from 'valibot'
import { z } from 'zod'

type IsSame<One, Other> =
  (<Value>() => Value extends One ? 1 : 2) extends <Value>() => Value extends Other ? 1 : 2 ? true : false
const check = <_Holds extends true>(): void => undefined

const url = 'https://example.test/feed'

export async function readWithZod(): Promise<void> {
  const tick = z.object({ price: z.number(), at: z.string().transform((text) => new Date(text)) })
  const stream = openEventStream(url, { decode: tick, onDecodeError: 'skip' })
  for await (const { data } of stream) {
    check<IsSame<typeof data, { price: number; at: Date }>>()
    // @ts-expect-error: a tick has a price, no volume
    String(data.volume)
  }
}

export async function readWithValibot(): Promise<void> {
  const tick = v.object({ price: v.number(), note: v.optional(v.string(), '') })
  for await (const { data } of openEventStream(url, { decode: tick })) {
    check<IsSame<typeof data, { price: number; note: string }>>()
    // @ts-expect-error: a tick has a price, no volume
    String(data.volume)
  }
  const checked = v.pipeAsync(
    tick,
    v.checkAsync(async ({ price }) => price > 0),
  )
  for await (const { data } of openEventStream(url, { decode: checked })) {
    check<IsSame<typeof data, { price: number; note: string }>>()
  }
}
