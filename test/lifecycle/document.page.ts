import { EventSource } from '../../src/index.ts'

type Frame = Window & { readonly Source: typeof EventSource }

/** Loads a frame of the same program, opens a source in it, and waits for its first message. */
async function openInFrame(path: string): Promise<{ frame: HTMLIFrameElement; source: EventSource; log: string[] }> {
  const frame = document.createElement('iframe')
  frame.src = path
  document.body.append(frame)
  await new Promise((resolve) => frame.addEventListener('load', resolve))
  const { Source } = frame.contentWindow as unknown as Frame
  const source = new Source('/events')
  const log: string[] = []
  await new Promise<void>((resolve, reject) => {
    source.onmessage = ({ data }) => {
      log.push(data)
      resolve()
    }
    source.onerror = ({ reason }) => {
      log.push(reason)
      reject(new Error(reason))
    }
  })
  return { frame, source, log }
}

const leave = {
  remove: (frame: HTMLIFrameElement) => frame.remove(),
  adopt: (frame: HTMLIFrameElement) => document.implementation.createHTMLDocument().adoptNode(frame),
  navigate: (frame: HTMLIFrameElement) => {
    frame.src = '/page.html?next'
    return new Promise((resolve) => frame.addEventListener('load', resolve))
  },
}

/** Resolves with the state of a source whose frame has left, and what it has dispatched. */
async function stateAfter(way: keyof typeof leave): Promise<{ readyState: number; log: readonly string[] }> {
  const { frame, source, log } = await openInFrame('/page.html')
  await leave[way](frame)
  const { readyState } = source
  // The browser aborts the request, which may be reported later.
  await new Promise((resolve) => setTimeout(resolve, 500))
  return { readyState: Math.min(readyState, source.readyState), log }
}

/** Resolves with what a source dispatches in a frame whose Object.prototype has members that other scripts added. */
async function openWithPollution(): Promise<readonly string[]> {
  const { source, log } = await openInFrame('/polluted.html')
  source.close()
  return log
}

/** Returns the URL of a source in a document whose members have been replaced by an element with a name. */
function urlWithElementNamed(name: string): string {
  const form = document.createElement('form')
  form.setAttribute('name', name)
  document.body.append(form)
  const source = new EventSource('feed', { pauseWhenHidden: true })
  source.close()
  form.remove()
  return source.url
}

Object.assign(globalThis, { Source: EventSource, stateAfter, openWithPollution, urlWithElementNamed })
