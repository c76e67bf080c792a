import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const header = 'x-request-id'

/** Gives a call its id: the caller's own where it is a plain token, so that one id names it in everybody's logs. */
export function assignRequestId(request: IncomingMessage): void {
  const given = request.headers[header]
  if (typeof given !== 'string' || !/^[\w-]{1,64}$/.test(given)) request.headers[header] = randomUUID()
}

export function requestIdOf(request: IncomingMessage): string {
  return String(request.headers[header])
}
