import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:http'

/** A product as it came to a subscriber. */
export interface Received {
  readonly product: string
  readonly revision: number
  readonly at: number
}

export interface Watch {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** How many products it shows at first. */
  readonly products: number
}

export interface Subscribers extends Disposable {
  /** What each of them got, in the order of its coming. */
  readonly received: readonly (readonly Received[])[]
}

const OPENED_AT_ONCE = 50

/** Opens so many watches, each on a connection of its own; all of them have the state when this answers. */
export async function openSubscribers(watch: Watch, count: number): Promise<Subscribers> {
  const agent = new Agent()
  const received: Received[][] = []
  while (received.length < count) {
    const next = Array.from({ length: Math.min(OPENED_AT_ONCE, count - received.length) }, () => open(watch, agent))
    received.push(...(await Promise.all(next)))
  }
  return { received, [Symbol.dispose]: () => agent.destroy() }
}

async function open({ url, headers, products }: Watch, agent: Agent): Promise<Received[]> {
  const [response] = (await once(get(url, { agent, headers }), 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${url} answers ${response.statusCode}`)
  const received: Received[] = []
  const hasState = Promise.withResolvers<void>()
  let text = ''
  response.setEncoding('latin1').on('error', () => {})
  response.on('data', (chunk: string) => {
    const at = performance.now()
    text += chunk
    const end = text.lastIndexOf('\n') + 1
    for (const [, product, revision] of text.slice(0, end).matchAll(/^id: ([0-9a-f]{24}):(\d+)$/gm)) {
      received.push({ product: product!, revision: Number(revision), at })
    }
    text = text.slice(end)
    if (received.length >= products) hasState.resolve()
  })
  await hasState.promise
  return received
}
