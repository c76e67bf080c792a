import type { RequestListener } from 'node:http'
import { MAX_BODY } from './body-limit.ts'
import { hasNoBody, hasPlainJson, plainUrl, readBody } from './plain-json.ts'
import type { RestDoor } from './rest-answer.ts'
import { answerer, answerError, malformedJson, utf8 } from './rest-answer.ts'
import { finder } from './rest-finder.ts'

/**
 * The operations without Express, for plain requests: no body, or JSON in UTF-8 of a known length. Through Express an
 * order costs 1.5 times the processor time (scripts/measure-doors.ts). What is unusual in any way goes there unread.
 *
 * tests/rest-mounts.test.ts sends the same requests both ways and compares the answers.
 */
export function leanRest(door: RestDoor, express: RequestListener): RequestListener {
  const find = finder(new Map(door.operations.map((operation) => [operation, answerer(door, operation)])))

  return (request, response) => {
    const url = plainUrl(request.url ?? '')
    const found = url && find(request.method, url.path)
    const sendsJson = request.method !== 'GET' && hasPlainJson(request, MAX_BODY)
    if (!found || !(sendsJson || hasNoBody(request))) return express(request, response)
    const { value: answer, params } = found
    const run = async (): Promise<void> => {
      const body = sendsJson ? parse(await readBody(request)) : undefined
      await answer({ params, query: url.query, headers: request.headers, body }, response)
    }
    run()
      .catch((error: unknown) => answerError(door, error, { request, response }))
      .catch((error: Error) => response.destroy(error))
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch (error) {
    throw malformedJson(error)
  }
}
