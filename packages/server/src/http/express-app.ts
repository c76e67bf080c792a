import express from 'express'
import { ShopError } from '../domain/errors.ts'
import { docsRoutes } from './docs.ts'
import { homePage } from './home.ts'
import { openApiDocument } from './openapi.ts'
import type { RestDoor } from './rest-answer.ts'
import { answerError } from './rest-answer.ts'
import { restRoutes } from './rest.ts'

/** The REST door, whatever form its requests have, and its documentation. */
export function expressApp(door: RestDoor): express.Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  // The mapping reads the query itself: nothing may turn it into objects on the way.
  app.set('query parser', false)
  app.get('/', (request, response) => void response.type('html').send(homePage(addressOf(request))))
  app.use(docsRoutes(openApiDocument(door.operations)))
  app.use(restRoutes(door))
  app.use((_request, _response, next) => next(new ShopError('ROUTE_NOT_FOUND', {})))
  // oxlint-disable-next-line max-params -- Express tells an error handler by its four parameters
  app.use((error: unknown, request: express.Request, response: express.Response, _next: express.NextFunction) =>
    answerError(door, error, { request, response }),
  )
  return app
}

/** As the browser names it; its text goes into a page. */
function addressOf({ protocol, headers: { host = '' } }: express.Request): string {
  return /^[\w.:[\]-]+$/.test(host) ? `${protocol}://${host}` : 'http://localhost:8000'
}
