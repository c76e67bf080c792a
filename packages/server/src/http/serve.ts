import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FrontOptions } from './front.ts'
import { createFront } from './front.ts'

export interface ServeOptions extends Omit<FrontOptions, 'draining'> {
  /** 0 takes any free port. */
  readonly port: number
  /** `127.0.0.1` unless given: who wants to be reached from elsewhere says so. */
  readonly host?: string
  /** How long to go on serving after a stop was asked for, so that a load balancer sees readyz first; 300 ms. */
  readonly drainMs?: number
}

export interface ShopServer extends AsyncDisposable {
  readonly url: string
}

/** How long requests in flight get to end by themselves. */
const HARD_STOP_MS = 10_000

/** A watch may name a thousand products, in its address. */
const MAX_HEAD = 64 * 1024

/**
 * Serves all doors. Dispose of it to stop: readyz answers 503 and watches end, then no connection is taken any more,
 * requests in flight are answered, and what is left after 10 s is cut. The shop stays open; it is the caller's.
 */
export async function serve({
  port,
  host = '127.0.0.1',
  drainMs = 300,
  ...options
}: ServeOptions): Promise<ShopServer> {
  const draining = new AbortController()
  // Slow senders are cut; without the short interval, Node looks for them every 30 s only.
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: MAX_HEAD,
  })
  // By connection, the last response that is under way. Not a set of responses: see decision record 14.
  const connections = new Map<Socket, ServerResponse | undefined>()
  const front = createFront({ ...options, draining: draining.signal })
  server.on('connection', (socket) => {
    connections.set(socket, undefined)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (request, response) => {
    if (draining.signal.aborted) response.shouldKeepAlive = false
    front(request, response)
    // Most reads are answered by now.
    if (response.writableEnded) return
    const { socket } = request
    connections.set(socket, response)
    response.once('close', () => {
      if (connections.get(socket) === response) connections.set(socket, undefined)
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async [Symbol.asyncDispose]() {
      draining.abort()
      // A connection that its client keeps after this answer would hold the stop up until it is cut.
      for (const response of inFlight()) response.shouldKeepAlive = false
      await wait(drainMs)
      // The watches have ended; a reader that does not read cannot be told so, and is cut off.
      for (const response of inFlight()) if (isEventStream(response)) response.destroy()
      const hardStop = setTimeout(() => server.closeAllConnections(), HARD_STOP_MS)
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
      clearTimeout(hardStop)
    },
  }

  function inFlight(): ServerResponse[] {
    return [...connections.values()].filter((response) => response !== undefined)
  }
}

function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream')
}
