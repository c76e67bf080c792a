import express from 'express'
import { ShopError } from '../domain/errors.ts'
import { MAX_BODY } from './body-limit.ts'
import { hasBody } from './plain-json.ts'
import type { RestDoor } from './rest-answer.ts'
import { answerer, malformedJson, utf8 } from './rest-answer.ts'
import type { Operation } from './rest-operations.ts'

/** The operations as Express routes. Errors go on to the app's error handler. */
export function restRoutes(door: RestDoor): express.Router {
  const { operations } = door
  const routes = express.Router()
  // Per route and never for all: tRPC and the docs read no body here.
  const readBody = express.json({ limit: MAX_BODY, type: 'application/json', strict: false, verify: assertUtf8 })
  for (const operation of operations) {
    const { method, path, alias } = operation.route
    const answer = answerer(door, operation)
    const handle: express.RequestHandler = async (request, response) => {
      const query = new URL(request.originalUrl, 'http://localhost').searchParams
      const params = request.params as Record<string, string>
      await answer({ params, query, headers: request.headers, body: request.body as unknown }, response)
    }
    const handlers = method === 'GET' ? [handle] : [requireJson, refuseTooLarge, readBody, handle]
    for (const each of [path, alias ?? []].flat()) routes.route(expressPath(each))[verb[method]](...handlers)
  }
  for (const [path, methods] of methodsByPath(operations)) routes.route(expressPath(path)).all(refuseMethod(methods))
  return routes
}

/** Its parser would put replacement characters in. It takes UTF-16 and UTF-32 too, from who says so. */
function assertUtf8(...[, , body, charset]: [unknown, unknown, Buffer, string]): void {
  if (charset !== 'utf-8') return
  try {
    utf8.decode(body)
  } catch (error) {
    throw malformedJson(error)
  }
}

/** What each path allows; HEAD is GET without the body. */
function methodsByPath(operations: readonly Operation[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { route } of operations) {
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
    for (const path of [route.path, route.alias ?? []].flat()) found.set(path, [...(found.get(path) ?? []), ...methods])
  }
  return found
}

const refuseMethod = (methods: readonly string[]): express.RequestHandler => {
  return (_request, response, next) => {
    response.set('allow', methods.join(', '))
    next(new ShopError('METHOD_NOT_ALLOWED', {}))
  }
}

const verb = { GET: 'get', POST: 'post', PUT: 'put' } as const

const requireJson: express.RequestHandler = (request, _response, next) => {
  next(hasBody(request) && !request.is('application/json') ? new ShopError('UNSUPPORTED_MEDIA_TYPE', {}) : undefined)
}

/** At once: the parser would read all of it first. */
const refuseTooLarge: express.RequestHandler = (request, _response, next) => {
  next(Number(request.headers['content-length']) > MAX_BODY ? new ShopError('BODY_TOO_LARGE', {}) : undefined)
}

/** Express says `:name`; braces would make a part optional there. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}
