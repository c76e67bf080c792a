import type { ObjectId } from 'mongodb'

/** The most ids that one query asks for. */
const A_QUERY = 200

interface Asked<Found> extends PromiseWithResolvers<Found | undefined> {
  readonly id: ObjectId
}

/**
 * Reads by id that come together become one query, as commands become one commit at the desk: while a query is in
 * flight, the next one gathers. `find` gives what it found by the hexadecimal form of the id; where it fails, those that
 * were asked for together fail, and no other.
 *
 * A read never joins a query that has been sent, so it sees whatever was acknowledged before it came.
 */
export function readsTogether<Found>(
  find: (ids: readonly ObjectId[]) => Promise<ReadonlyMap<string, Found>>,
): (id: ObjectId) => Promise<Found | undefined> {
  let waiting = new Map<string, Asked<Found>>()
  let isSending = false

  return (id) => {
    const key = id.toHexString()
    const asked = waiting.get(key) ?? { id, ...Promise.withResolvers<Found | undefined>() }
    waiting.set(key, asked)
    sendSoon()
    return asked.promise
  }

  /** Once the requests that have already arrived are parsed, so that their ids join the query. */
  function sendSoon(): void {
    if (isSending || waiting.size === 0) return
    isSending = true
    setImmediate(() => void send())
  }

  async function send(): Promise<void> {
    const entries = [...waiting]
    const together = entries.slice(0, A_QUERY).map(([, asked]) => asked)
    waiting = new Map(entries.slice(A_QUERY))
    try {
      const found = await find(together.map(({ id }) => id))
      for (const { id, resolve } of together) resolve(found.get(id.toHexString()))
    } catch (error) {
      for (const { reject } of together) reject(error)
    } finally {
      isSending = false
      sendSoon()
    }
  }
}
