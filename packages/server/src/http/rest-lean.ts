import type { RequestListener } from 'node:http'
import { hasNoBody, hasPlainJson, plainUrl, readBody } from './plain-json.ts'
import type { Answer, RestDoor } from './rest-answer.ts'
import { answerer, answerError, malformedJson, MAX_BODY } from './rest-answer.ts'

/**
 * The operations without Express, for plain requests: no body, or JSON in UTF-8 of a known length. Through Express an
 * order costs 1.45 times the processor time (scripts/measure-doors.ts). What is unusual in any way goes there unread.
 *
 * tests/rest-mounts.test.ts sends the same requests both ways and compares the answers.
 */
export function leanRest(door: RestDoor, express: RequestListener): RequestListener {
  const find = finder(door)

  return (request, response) => {
    const { path, query } = plainUrl(request.url ?? '') ?? {}
    const found = path === undefined ? undefined : find(request.method, path)
    const hasBody = request.method !== 'GET' && hasPlainJson(request, MAX_BODY)
    if (!found || !query || !(hasBody || hasNoBody(request))) return express(request, response)
    const { answer, params } = found
    run()
      .catch((error: unknown) => answerError(door, error, { request, response }))
      .catch((error: Error) => response.destroy(error))

    async function run(): Promise<void> {
      const body = hasBody ? parse(await readBody(request)) : undefined
      await answer({ params, query: query!, headers: request.headers, body }, response)
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformedJson(error)
  }
}

interface Found {
  readonly answer: Answer
  readonly params: Record<string, string>
}

function finder(door: RestDoor): (method: string | undefined, path: string) => Found | undefined {
  const routes = door.operations.flatMap((operation) => {
    const { method, path, alias } = operation.route
    const answer = answerer(door, operation)
    return [path, alias ?? []].flat().map((each) => ({ method, answer, pattern: patternOf(each) }))
  })
  return (method, path) => {
    for (const route of routes) {
      const match = route.method === method && route.pattern.exec(path)
      if (match) return { answer: route.answer, params: match.groups ?? {} }
    }
    return undefined
  }
}

/** `/orders/{order_id}` as an expression that names the parts. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}
