import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/**
 * A TCP proxy of our own, for reasons that decision record 17 gives. Nothing here knows HTTP or MongoDB: requests and
 * answers are taken to be the chunks that they arrive in.
 */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Where connections go; may change while it runs. */
  upstream: number
  /** Asked for every chunk. Cutting ends the connection on both sides. */
  rules: ProxyRules
  /** From now on nothing passes on the connections that `held` names; they stay open, as behind a dead router. */
  hold(held: (opening: Buffer) => boolean): void
  /** Everything passes again. `cut` ends the held connections; else what was held arrives late. */
  release(cut?: boolean): void
  /** Ends every connection. */
  cut(): void
}

interface ProxyRules {
  readonly refuse?: () => boolean
  /** `after`: the chunk reaches the server, and nothing comes back. */
  readonly onRequest?: () => 'pass' | 'after'
  /** `before`: the client gets nothing of the chunk; `within`: half of it. */
  readonly onAnswer?: () => 'pass' | 'before' | 'within'
  readonly delayMs?: () => number
}

interface Link {
  readonly client: Socket
  server?: Socket
  /** The first that the client said. */
  opening?: Buffer
  readonly end: () => void
}

export async function openTcpProxy(upstream: number): Promise<TcpProxy> {
  const links = new Set<Link>()
  let held: ((opening: Buffer) => boolean) | undefined
  const listener = createServer({ noDelay: true }, accept).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy: TcpProxy = {
    port: (listener.address() as AddressInfo).port,
    upstream,
    rules: {},
    hold(isHeld) {
      held = isHeld
      for (const link of links) if (isOnHold(link)) stop(link)
    },
    release(cut = false) {
      const wasHeld = [...links].filter(isOnHold)
      held = undefined
      for (const link of wasHeld) {
        if (cut) link.end()
        else resume(link)
      }
    },
    cut() {
      for (const link of links) link.end()
    },
    async [Symbol.asyncDispose]() {
      listener.close()
      proxy.cut()
      await once(listener, 'close')
    },
  }
  return proxy

  function isOnHold({ opening }: Link): boolean {
    return held !== undefined && opening !== undefined && held(opening)
  }

  function accept(client: Socket): void {
    const link: Link = { client, end: () => end(link) }
    links.add(link)
    client.on('error', link.end).on('close', link.end)
    if (proxy.rules.refuse?.()) {
      client.resetAndDestroy()
      return
    }
    client.once('data', (opening: Buffer) => {
      client.pause()
      link.opening = opening
      if (!isOnHold(link)) forward(link)
    })
  }

  function forward(link: Link): void {
    const server = connect({ port: proxy.upstream, host: '127.0.0.1', noDelay: true })
    link.server = server
    server.on('error', link.end).on('close', link.end)
    pump({ link, from: link.client, to: server, decide: () => proxy.rules.onRequest?.() ?? 'pass' })
    pump({ link, from: server, to: link.client, decide: () => proxy.rules.onAnswer?.() ?? 'pass' })
    link.client.unshift(link.opening!)
    link.client.resume()
  }

  function pump({ link, from, to, decide }: Pump): void {
    from.on('data', (chunk: Buffer) => {
      const verdict = decide()
      if (verdict === 'before') return link.end()
      const delay = proxy.rules.delayMs?.() ?? 0
      if (delay > 0) {
        from.pause()
        setTimeout(() => {
          send()
          if (!isOnHold(link)) from.resume()
        }, delay)
      } else send()

      function send(): void {
        const free = to.write(verdict === 'within' ? chunk.subarray(0, chunk.length >> 1) : chunk, () => {
          if (verdict !== 'pass') link.end()
        })
        if (!free) from.pause()
      }
    })
    to.on('drain', () => {
      if (!isOnHold(link)) from.resume()
    })
  }

  function resume(link: Link): void {
    if (!link.server) return forward(link)
    link.client.resume()
    link.server.resume()
  }

  function end(link: Link): void {
    if (!links.delete(link)) return
    link.client.destroy()
    link.server?.destroy()
  }
}

interface Pump {
  readonly link: Link
  readonly from: Socket
  readonly to: Socket
  readonly decide: () => 'pass' | 'after' | 'before' | 'within'
}

function stop({ client, server }: Link): void {
  client.pause()
  server?.pause()
}
