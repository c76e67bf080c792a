import { setImmediate as turn } from 'node:timers/promises'
import { MongoClient, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { readsTogether } from '../src/domain/reads-together.ts'
import { aProduct, testShop } from './_shop.ts'

/** Queries that are answered when the test says so, each with its ids. */
function openQueries() {
  const sent: { ids: string[]; answer: (missing?: string) => void; fail: (error: Error) => void }[] = []
  const read = readsTogether(async (ids) => {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, string>>()
    const hex = ids.map((id) => id.toHexString())
    const answer = (missing?: string) =>
      resolve(new Map(hex.filter((id) => id !== missing).map((id) => [id, `found ${id}`])))
    sent.push({ ids: hex, answer, fail: reject })
    return promise
  })
  return { sent, read: (id: string) => read(new ObjectId(id)) }
}

const idOf = (n: number): string => n.toString(16).padStart(24, '0')
const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => idOf(from + n))

test('reads of one turn are one query, and each gets what it asked for', async () => {
  const { sent, read } = openQueries()
  const reads = range(0, 3).map(read)
  await turn()
  expect(sent.map(({ ids }) => ids)).toEqual([range(0, 3)])
  sent[0]!.answer()
  expect(await Promise.all(reads)).toEqual(range(0, 3).map((id) => `found ${id}`))
})

test('reads that come while a query is in flight become the next one', async () => {
  const { sent, read } = openQueries()
  const reads: Promise<unknown>[] = []
  for (const id of range(0, 4)) {
    reads.push(read(id))
    await turn()
  }
  expect(sent.map(({ ids }) => ids)).toEqual([[idOf(0)]])
  sent[0]!.answer()
  await reads[0]
  await turn()
  expect(sent.map(({ ids }) => ids)).toEqual([[idOf(0)], range(1, 4)])
  sent[1]!.answer()
  await Promise.all(reads)
})

test('an id that is asked for twice is asked for once, but never of a query that was sent before', async () => {
  const { sent, read } = openQueries()
  const first = [read(idOf(1)), read(idOf(1))]
  await turn()
  const later = read(idOf(1))
  sent[0]!.answer()
  expect(await Promise.all(first)).toEqual([`found ${idOf(1)}`, `found ${idOf(1)}`])
  await turn()
  expect(sent.map(({ ids }) => ids)).toEqual([[idOf(1)], [idOf(1)]])
  sent[1]!.answer(idOf(1))
  expect(await later).toBeUndefined()
})

test('a query asks for 200 ids at the most', async () => {
  const { sent, read } = openQueries()
  const reads = range(0, 450).map(read)
  for (const sending of [0, 1, 2]) {
    await turn()
    sent[sending]!.answer()
    await reads[200 * sending]
  }
  await Promise.all(reads)
  expect(sent.map(({ ids }) => ids.length)).toEqual([200, 200, 50])
})

test('what is not there is missing to whoever asked for it, and to nobody else', async () => {
  const { sent, read } = openQueries()
  const reads = range(0, 3).map(read)
  await turn()
  sent[0]!.answer(idOf(1))
  expect(await Promise.all(reads)).toEqual([`found ${idOf(0)}`, undefined, `found ${idOf(2)}`])
})

test('a query that fails takes those in it along, and nobody else', async () => {
  const { sent, read } = openQueries()
  const failing = Promise.allSettled(range(0, 2).map(read))
  await turn()
  const others = range(2, 4).map(read)
  await turn()
  const error = new Error('gone')
  sent[0]!.fail(error)
  expect(await failing).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ])
  const next = read(idOf(0))
  await turn()
  sent[1]!.answer()
  expect(await Promise.all([...others, next])).toEqual([2, 3, 0].map((n) => `found ${idOf(n)}`))
})

test('orders that are asked for together are read with one query, and each caller is told its own', async () => {
  await using shop = await testShop()
  const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 1000 }))
  const place = () => shop.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
  const orders = await Promise.all(Array.from({ length: 150 }, place))
  await using client = await new MongoClient(shop.uri).connect()
  const db = client.db(shop.database)
  await db.command({ profile: 2 })
  const asked = [...orders.map(({ id }) => id), idOf(1), 'nothing']
  const answers = await Promise.allSettled(asked.map((id) => shop.caller.orders.byId({ id })))
  await db.command({ profile: 0 })
  expect(answers.slice(0, -2)).toEqual(orders.map((order) => ({ status: 'fulfilled', value: order })))
  expect(answers.slice(-2)).toMatchObject(
    [idOf(1), 'nothing'].map((id) => ({ reason: { cause: { code: 'ORDER_NOT_FOUND', details: { orderId: id } } } })),
  )
  // One that is not found is looked for once more, by itself.
  const ns = `${shop.database}.orders`
  expect(
    await db.collection('system.profile').countDocuments({ ns, op: 'query', 'command.readConcern.level': 'majority' }),
  ).toBe(1)
  expect(await db.collection('system.profile').countDocuments({ ns, op: 'getmore' })).toBe(0)
})
