import { expect, test } from 'vitest'
import { Entry } from '../src/domain/entry.ts'

const command = { kind: 'setQuantity', movementId: undefined as never, productId: '', quantity: 0 } as const

/** Rejects when a caller who began to wait then is told that it waits in vain. */
function waiting(since?: number): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const entry = new Entry(command, { since, resolve, reject })
  expect(entry.isWanted()).toBe(true)
  return promise
}

test('a caller who has waited elsewhere waits the rest of the time here, and no more', async () => {
  const anew = waiting().catch(() => 'the one who has just begun to wait')
  const before = waiting(performance.now() - 4950).catch(({ code }) => code)
  expect(await Promise.race([anew, before])).toBe('BUSY')
})
