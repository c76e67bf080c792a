import { startMongo } from '@stockroom/local-mongo'
import type { Document } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { collectionsOf } from '../src/collections/collections.ts'
import type { Command } from '../src/domain/commands.ts'
import { commitBatch } from '../src/domain/commit.ts'
import { KnownStock } from '../src/domain/known-stock.ts'
import { wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

test('the next batch begins when the primary has the one before, and nobody is told until a majority has it', async () => {
  await using mongo = await startMongo({ members: 3, electionTimeoutMillis: 1000, enableTestCommands: true })
  await using shop = await testShop({ uri: mongo.uri })
  const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 100 }))
  await using client = new MongoClient(mongo.uri, { writeConcern: { w: 'majority' } })
  const db = client.db(shop.database)
  const known = new KnownStock()
  const answered: string[] = []
  const batch = (userId: string) => {
    const decided = Promise.withResolvers<void>()
    const commands: Command[] = [
      { kind: 'placeOrder', orderId: new ObjectId(), userId, lines: [{ productId, quantity: 1 }] },
    ]
    const committed = commitBatch(collectionsOf(db), client.startSession({ causalConsistency: false }), {
      commands: () => commands,
      known,
      isContended: () => false,
      progress: { commitSent: false },
      onDecided: decided.resolve,
      givenUp: () => false,
      onConflict: async () => {},
    }).then(() => answered.push(userId))
    return { decided: Promise.race([decided.promise, committed]), committed }
  }

  await using replication = await stopReplication(mongo.members.map(({ port }) => port))
  const first = batch('first')
  await first.decided
  const second = batch('second')
  await second.decided
  const placed = (level: 'local' | 'majority') =>
    db
      .collection('orders', { readConcern: { level } })
      .find()
      .map((order) => String(order.userId))
      .toArray()
  expect(await placed('local')).toEqual(['first', 'second'])
  expect(await placed('majority')).toEqual([])
  expect(answered).toEqual([])

  await replication.goOn()
  await Promise.all([first.committed, second.committed])
  expect(await placed('majority')).toEqual(['first', 'second'])
  expect(await wrongBooks(shop)).toEqual([])
})

/** Keeps the secondaries from taking anything over until `goOn`. */
async function stopReplication(ports: readonly number[]) {
  await using stack = new AsyncDisposableStack()
  const admins: { command(command: Document): Promise<Document> }[] = []
  for (const port of ports) {
    const admin = stack.use(new MongoClient(`mongodb://127.0.0.1:${port}`, { directConnection: true })).db('admin')
    if (!(await admin.command({ hello: 1 })).isWritablePrimary) admins.push(admin)
  }
  const set = (mode: string) =>
    Promise.all(admins.map((admin) => admin.command({ configureFailPoint: 'stopReplProducer', mode })))
  await set('alwaysOn')
  const open = stack.move()
  return { goOn: () => set('off'), [Symbol.asyncDispose]: () => open.disposeAsync() }
}
