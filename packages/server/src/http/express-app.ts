import type { AnyTRPCRouter } from '@trpc/server'
import express from 'express'
import { isShopError, ShopError } from '../domain/errors.ts'
import type { Shop } from '../shop.ts'
import { docsRoutes } from './docs.ts'
import { homePage } from './home.ts'
import { openApiDocument } from './openapi.ts'
import { problem } from './problem.ts'
import { requestIdOf } from './request-id.ts'
import { operationsOf } from './rest-operations.ts'
import { restRoutes } from './rest.ts'

/** Told of every error that is ours, with the id that the caller was given: the caller sees INTERNAL and no more. */
export type OnError = (error: unknown, requestId: string) => void

/** The REST door and its documentation. */
export function expressApp(router: AnyTRPCRouter, shop: Shop, onError: OnError): express.Express {
  const operations = operationsOf(router)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  // The mapping reads the query itself: nothing may turn it into objects on the way.
  app.set('query parser', false)
  app.get('/', (_request, response) => void response.type('html').send(homePage))
  app.use(docsRoutes(openApiDocument(operations)))
  app.use(restRoutes(router, operations, shop))
  app.use((_request, _response, next) => next(new ShopError('ROUTE_NOT_FOUND', {})))
  // oxlint-disable-next-line max-params -- Express tells an error handler by its four parameters
  app.use((error: unknown, request: express.Request, response: express.Response, next: express.NextFunction) => {
    if (response.headersSent) return next(error)
    const known = toShopError(error)
    const requestId = requestIdOf(request)
    if (known.code === 'INTERNAL') onError(isShopError(error) ? error.cause : error, requestId)
    // What is left of a refused body must not be read as the next request.
    if (!request.complete) response.set('connection', 'close')
    const { status, headers, body } = problem(known, requestId)
    response.status(status).set(headers).end(body)
  })
  return app
}

/** Express and its body parser throw errors of their own, told apart by the status they suggest. */
function toShopError(error: unknown): ShopError {
  if (isShopError(error)) return error
  const { type, status } = error as { type?: unknown; status?: unknown }
  const options = { cause: error }
  if (type === 'entity.parse.failed')
    return new ShopError('MALFORMED_JSON', { issues: [{ loc: ['body'], msg: 'is not valid JSON' }] }, options)
  if (status === 413) return new ShopError('BODY_TOO_LARGE', {}, options)
  if (status === 415) return new ShopError('UNSUPPORTED_MEDIA_TYPE', {}, options)
  if (status === 400) return new ShopError('MALFORMED_REQUEST', {}, options)
  return new ShopError('INTERNAL', {}, options)
}
