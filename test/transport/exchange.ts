import type { Transport, TransportHandler, TransportRequest } from '../../src/transport/transport.ts'

/** Sends a request. The promise is fulfilled at the end of the body or with a refusal, and rejected at a loss. */
export function exchange(
  transport: Pick<Transport, 'send'>,
  request: TransportRequest,
  handler: Omit<TransportHandler, 'end' | 'fail'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    transport.send(request, {
      ...handler,
      refuse(...refusal) {
        handler.refuse(...refusal)
        resolve()
      },
      end: resolve,
      fail: reject,
    })
  })
}
