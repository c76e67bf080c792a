import { expect, test } from 'vitest'
import { failingMongo } from './_failing.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo()

async function transactions() {
  const { transactions } = await mongo.client.db('admin').command({ serverStatus: 1 })
  const { totalCommitted, totalAborted } = transactions as Record<string, bigint | number>
  return { committed: Number(totalCommitted), aborted: Number(totalAborted) }
}

test('whole products go into a transaction by the hundred, so that a command never becomes too large', async () => {
  await using shop = await testShop({ uri: mongo.uri })
  const longest = '€'.repeat(10_000)
  const before = await transactions()
  const created = await Promise.all(
    Array.from({ length: 601 }, () => shop.caller.products.create(aProduct({ description: longest }))),
  )
  expect(new Set(created.map(({ id }) => id)).size).toBe(601)
  const after = await transactions()
  // One alone, for the desk was idle, then six hundred.
  expect(after).toEqual({ committed: before.committed + 7, aborted: before.aborted })
})
