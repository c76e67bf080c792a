import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import cors from 'cors'
import { appRouter } from '../router.ts'
import type { Shop } from '../shop.ts'
import { expressApp } from './express-app.ts'
import { assignRequestId } from './request-id.ts'
import type { OnError } from './rest-answer.ts'
import { leanRest } from './rest-lean.ts'
import { operationsOf } from './rest-operations.ts'
import { rpcHandler } from './rpc.ts'
import { securityHeaders } from './security-headers.ts'

export interface FrontOptions {
  readonly shop: Shop
  /** Origins of pages that may call from a browser, such as `https://shop.example`; none unless given. */
  readonly corsOrigins?: readonly string[]
  readonly onError?: OnError
  /** Aborts when the process is about to stop: readyz then says so, and watches end. */
  readonly draining?: AbortSignal
}

/** What every request passes, whichever door it goes to. */
export function createFront({ shop, corsOrigins = [], onError = () => {}, draining }: FrontOptions): RequestListener {
  const rpc = rpcHandler({ shop, onError, draining })
  const restDoor = { router: appRouter, operations: operationsOf(appRouter), shop, onError, draining }
  const rest = leanRest(restDoor, expressApp(restDoor))
  const secure = securityHeaders()
  const share = cors({
    origin: corsOrigins.length > 0 ? [...corsOrigins] : false,
    exposedHeaders: ['x-request-id', 'location', 'retry-after', 'idempotency-replayed'],
    maxAge: 600,
  })

  return (request, response) => {
    assignRequestId(request, response)
    request.url = withoutOrigin(request.url)
    response.setHeaders(secure)
    share(request, response, () => dispatch(request, response))
  }

  function dispatch(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?', 1)[0] ?? '/'
    if (path.startsWith('/trpc/')) rpc(request, response)
    else if (path === '/livez') health(response, true)
    else if (path === '/readyz') void isReady().then((ready) => health(response, ready))
    else rest(request, response)
  }

  async function isReady(): Promise<boolean> {
    return !draining?.aborted && (await shop.isReady())
  }
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
