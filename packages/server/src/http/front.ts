import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import cors from 'cors'
import { appRouter } from '../router.ts'
import type { Shop } from '../shop.ts'
import type { OnAnswer } from './answered.ts'
import { answeredTeller } from './answered.ts'
import { bodyLimit } from './body-limit.ts'
import { expressApp } from './express-app.ts'
import { hasBody } from './plain-json.ts'
import { readyBytes } from './ready-bytes.ts'
import { readyRest } from './ready-rest.ts'
import { readyRpc } from './ready-rpc.ts'
import { assignRequestId, requestIdOf } from './request-id.ts'
import type { OnError } from './rest-answer.ts'
import { leanRest } from './rest-lean.ts'
import { operationsOf } from './rest-operations.ts'
import { RPC_PATH, rpcHandler, rpcOptions } from './rpc.ts'
import { securityHeaders } from './security-headers.ts'
import type { HeadOf } from './write-answer.ts'
import { setHead } from './write-answer.ts'

export interface FrontOptions {
  readonly shop: Shop
  /** Origins of pages that may call from a browser, such as `https://shop.example`; none unless given. */
  readonly corsOrigins?: readonly string[]
  readonly onError?: OnError
  /** Told of every request when it is over. */
  readonly onAnswer?: OnAnswer
  /** Aborts when the process is about to stop: readyz then says so, and watches end. */
  readonly draining?: AbortSignal
}

/**
 * A request listener for an HTTP server of your own: REST, RPC, docs, livez and readyz. Mount it at the root, before any
 * body parser: it throws where a body was already read.
 */
export function createFront({
  shop,
  corsOrigins = [],
  onError = () => {},
  onAnswer,
  draining,
}: FrontOptions): RequestListener {
  const head = [...securityHeaders()].flat()
  const headOf: HeadOf = (request) => ['x-request-id', requestIdOf(request), ...head]
  const rpc = rpcHandler({ shop, onError, draining, headOf, admit })
  const restDoor = {
    router: appRouter,
    operations: operationsOf(appRouter),
    shop,
    onError,
    draining,
    // The cors package says it to pages alone. A cache must not give a page what it stored for somebody else.
    headOf: corsOrigins.length > 0 ? (request: IncomingMessage) => [...headOf(request), 'vary', 'Origin'] : headOf,
  }
  const rest = leanRest(restDoor, admit(expressApp(restDoor)))
  const share = cors({
    origin: corsOrigins.length > 0 ? [...corsOrigins] : false,
    exposedHeaders: ['x-request-id', 'location', 'etag', 'retry-after', 'idempotency-replayed'],
    maxAge: 600,
  })
  const answerReady = readyBytes({
    doors: [readyRest(restDoor), readyRpc({ ...rpcOptions({ shop, onError, draining }), router: appRouter })],
    stamp: () => shop.products.stamp(),
    head,
  })
  const tell = onAnswer && answeredTeller(restDoor, onAnswer)

  const livez = admit((_request, response) => health(response, true))
  const readyz = admit((_request, response) => void canServe().then((ok) => health(response, ok)))
  const answerWithCors = admit((request, response) => answerReady(request, response, dispatch))

  return (request, response) => {
    // Whoever waits for the body again would wait for ever.
    if (request.readableEnded && hasBody(request))
      throw new Error('The body was already read: mount the shop before any body parser.')
    assignRequestId(request)
    request.url = withoutOrigin(request.url)
    tell?.(request, response)
    // A request from a page names its origin, on which its CORS headers depend; all others get the same headers.
    if (request.headers.origin === undefined) answerReady(request, response, dispatch)
    else answerWithCors(request, response)
  }

  /** Puts what every answer says on the response, for whoever adds to it. */
  function admit(next: RequestListener): RequestListener {
    return (request, response) => {
      setHead(response, headOf(request))
      // A body over the limit is not read, so the connection cannot be used again.
      if (Number(request.headers['content-length']) > bodyLimit(pathOf(request)))
        response.setHeader('connection', 'close')
      share(request, response, () => next(request, response))
    }
  }

  function dispatch(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request)
    if (path.startsWith(RPC_PATH)) rpc(request, response)
    else if (path === '/livez') livez(request, response)
    else if (path === '/readyz') readyz(request, response)
    else rest(request, response)
  }

  async function canServe(): Promise<boolean> {
    return !draining?.aborted && (await shop.isReady())
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!
}

/** A request may name the whole URL, as to a proxy (RFC 9112, 3.2.2): the doors see what follows the origin. */
function withoutOrigin(url = '/'): string {
  if (url.startsWith('/')) return url
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '')
  return path.startsWith('/') ? path : `/${path}`
}

function health(response: ServerResponse, ok: boolean): void {
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable' }))
}
