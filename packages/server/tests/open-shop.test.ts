import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findMongod } from '@stockroom/local-mongo'
import { openShop, ShopSetupError } from '@stockroom/server'
import type { CollectionInfo, Document } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import { describe, expect, inject, test } from 'vitest'
import { refusal, tally, wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

/** A database without a shop in it, dropped afterwards. */
function emptyDatabase() {
  const client = new MongoClient(inject('mongoUri'))
  const db = client.db(`stockroom-open-${new ObjectId().toHexString()}`)
  return {
    db,
    open: () => openShop({ uri: inject('mongoUri'), database: db.databaseName }),
    async [Symbol.asyncDispose]() {
      await db.dropDatabase()
      await client.close()
    },
  }
}

/** A mongod that belongs to no replica set, or not yet. */
async function standaloneMongod(...settings: string[]) {
  const { path } = await findMongod()
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-standalone-'))
  const port = await freePort()
  const options = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket', ...settings]
  const child = spawn(path, options, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) if (line.includes('Waiting for connections')) break
  return {
    uri: `mongodb://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

/** How opening fails in a process of its own, which must then end by itself. */
async function openInProcess(
  uri: string,
  database = 'stockroom',
): Promise<{ name: string; message: string; seconds: number }> {
  const script = `
    import { openShop } from '@stockroom/server'
    const from = performance.now()
    await openShop({ uri: process.argv[1], database: process.argv[2] }).catch(({ name, message }) => {
      console.log(JSON.stringify({ name, message, seconds: (performance.now() - from) / 1000 }))
    })`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@stockroom/source', '--input-type=module', '--eval', script, uri, database],
    // With something still open it runs on, is killed at the timeout, and that is an error.
    { cwd: fileURLToPath(new URL('..', import.meta.url)), timeout: 12_000 },
  )
  return JSON.parse(stdout)
}

/** A port of 127.0.0.1 on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe.concurrent('a shop does not open', () => {
  test('on a standalone server: it says what to do, and the process can end', async () => {
    await using mongod = await standaloneMongod()
    const { name, message } = await openInProcess(mongod.uri)
    expect(name).toBe(ShopSetupError.name)
    expect(message).toMatch(/standalone.*--replSet.*rs\.initiate\(\)/)
    await using client = new MongoClient(mongod.uri)
    expect(await client.db('stockroom').listCollections().toArray()).toEqual([])
  })

  test('on a replica set that was not initiated: it says what to do', async () => {
    await using mongod = await standaloneMongod('--replSet', 'rs0')
    const opening = openShop({ uri: `${mongod.uri}/?replicaSet=rs0` })
    await expect(opening).rejects.toThrow(ShopSetupError)
    await expect(opening).rejects.toThrow(/no replica set yet: run rs\.initiate\(\)/)
  })

  test.for(['w=1', 'w=0', 'w=2', 'journal=false', 'w=majority&journal=false'])(
    'with %s in its connection string',
    async (option) => {
      const uri = new URL(inject('mongoUri'))
      const opening = openShop({ uri: `${uri.href}&${option}`, database: 'stockroom-never-opened' })
      await expect(opening).rejects.toThrow(ShopSetupError)
      await expect(opening).rejects.toThrow(/below majority.*Remove w and journal/)
    },
  )

  test('where no server answers: it says so within 6 s, and the process can end', async () => {
    const { name, seconds } = await openInProcess(`mongodb://127.0.0.1:${await freePort()}/?replicaSet=none`)
    expect(name).toBe('MongoServerSelectionError')
    expect(seconds).toBeLessThan(6)
  })

  test.for(['products', 'orders'])('in a database whose %s are of another application, which goes on', async (name) => {
    await using database = emptyDatabase()
    const { db, open } = database
    await db.collection(name).insertOne({ title: 'of a blog' })
    await expect(open()).rejects.toThrow(ShopSetupError)
    await expect(open()).rejects.toThrow(new RegExp(`"${name}".*nothing was changed`))
    await db.collection(name).insertOne({ title: 'the next' })
    expect(await db.listCollections().toArray()).toHaveLength(1)
  })

  test('where an index of another shape has the place of its own', async () => {
    await using database = emptyDatabase()
    await database.db.collection('products').createIndex({ sku: 1 }, { name: 'sku' })
    await expect(database.open()).rejects.toThrow(/index/i)
  })

  test('where it cannot say that it lives: the process can end', async () => {
    await using database = emptyDatabase()
    await database.db.createCollection('lanes', { validator: { never: true } })
    const { message } = await openInProcess(inject('mongoUri'), database.db.databaseName)
    expect(message).toMatch(/validation/)
  })

  test('where two products have one SKU', async () => {
    await using database = emptyDatabase()
    const [createdAt, updatedAt] = [new Date(), new Date()]
    const mug = () => ({ ...aProduct({ sku: 'MUG' }), version: 1, revision: 1, createdAt, updatedAt })
    await database.db.collection<object>('products').insertMany([mug(), mug()])
    await expect(database.open()).rejects.toThrow(/duplicate key/)
  })
})

describe('a shop opens', () => {
  test('with w=majority in its connection string', async () => {
    await using database = emptyDatabase()
    const uri = `${inject('mongoUri')}&w=majority&retryWrites=false&readPreference=secondaryPreferred`
    await using shop = await openShop({ uri, database: database.db.databaseName })
    expect(await shop.isReady()).toBe(true)
    expect((await shop.products.create(aProduct())).version).toBe(1)
  })

  test('twice at once on an empty database, and again on a filled one', async () => {
    await using database = emptyDatabase()
    {
      await using here = await database.open()
      expect(await here.products.list({})).toEqual({ items: [], nextCursor: null })
    }
    await database.db.dropDatabase()
    const shops = await Promise.all(Array.from({ length: 4 }, () => database.open()))
    const made = await Promise.all(shops.map((shop) => shop.products.create(aProduct())))
    await Promise.all(shops.map((shop) => shop[Symbol.asyncDispose]()))
    await using again = await database.open()
    expect((await again.products.list({})).items.map(({ id }) => id).toSorted()).toEqual(
      made.map(({ id }) => id).toSorted(),
    )
  })

  test.for<[string, Document]>([
    ['took away', { validator: {} }],
    ['made mere warnings', { validationAction: 'warn' }],
    ['turned off', { validationLevel: 'off' }],
  ])('and gives back the validators that someone %s', async ([, change]) => {
    await using database = emptyDatabase()
    const guards = async () => {
      const collections = await database.db.listCollections<CollectionInfo>().toArray()
      return collections.flatMap(({ name, options }) => (name === 'products' ? [options?.validator] : []))
    }
    await (await database.open())[Symbol.asyncDispose]()
    const made = await guards()
    await database.db.command({ collMod: 'products', ...change })
    await using shop = await database.open()
    expect(await guards()).toEqual(made)
    await shop.products.create(aProduct())
    const tampering = database.db.collection('products').updateOne({}, { $set: { quantity: -1 } })
    await expect(tampering).rejects.toThrow('Document failed validation')
  })

  test('and gives back the index that someone took away', async () => {
    await using database = emptyDatabase()
    await (await database.open())[Symbol.asyncDispose]()
    await database.db.collection('products').dropIndex('sku')
    await (await database.open())[Symbol.asyncDispose]()
    expect(await database.db.collection('products').indexes()).toMatchObject([
      { name: '_id_' },
      { name: 'category', key: { category: 1, _id: 1 } },
      { name: 'sku', key: { sku: 1 }, unique: true },
    ])
  })
})

describe.concurrent('the database itself refuses', () => {
  test.for<[string, string, Document]>([
    ['a negative quantity', 'products', { quantity: -1 }],
    ['half a unit', 'products', { quantity: 0.5 }],
    ['a quantity that is no number', 'products', { quantity: '1' }],
    ['a negative price', 'products', { 'price.amount': -1 }],
    ['a price in fractions of a cent', 'products', { 'price.amount': 0.1 }],
    ['a description that is null', 'products', { description: null }],
    ['a product without SKU', 'products', { sku: '' }],
    ['an order of nobody', 'orders', { userId: '' }],
    ['an order of nothing', 'orders', { lines: [] }],
    ['a movement without a reason', 'movements', { reason: 'theft' }],
    ['a movement of half a unit', 'movements', { change: 0.5 }],
  ])('%s', async ([, collection, fields]) => {
    await using test = await testShop()
    const { id } = await test.caller.products.create(aProduct())
    await test.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
    await using client = new MongoClient(test.uri)
    const documents = client.db(test.database).collection(collection)
    const before = await documents.find().toArray()
    expect(before).toHaveLength(1)
    await expect(documents.updateOne({}, { $set: fields })).rejects.toThrow('Document failed validation')
    expect(await documents.find().toArray()).toEqual(before)
  })
})

describe('a shop that is disposed', () => {
  test('serves what waits, and refuses what comes after', async () => {
    await using test = await testShop()
    const product = await test.caller.products.create(aProduct({ quantity: 2000 }))
    const order = (n: number) => test.shop.orders.create({ userId: `buyer-${n}`, productId: product.id, quantity: 1 })
    const waiting = tally(Array.from({ length: 1500 }, (_, n) => order(n)))
    const disposed = test.shop[Symbol.asyncDispose]()
    expect(await refusal(order(-1))).toEqual({ code: 'BUSY', details: {} })
    expect(await waiting).toEqual({ ok: 1500 })
    await disposed
    expect(await refusal(order(-2))).toEqual({ code: 'BUSY', details: {} })
    await using reopened = await testShop({ database: test.database })
    expect((await reopened.caller.products.byId({ id: product.id })).quantity).toBe(500)
    expect(await wrongBooks(test)).toEqual([])
  })

  test('keeps everything for the next one', async () => {
    await using test = await testShop()
    const product = await test.caller.products.create(aProduct({ description: 'Blue', category: 'Kitchen' }))
    const order = await test.caller.orders.create({ userId: 'ada', productId: product.id, quantity: 1 })
    const before = [await test.caller.products.list(), await test.caller.orders.list()]
    await test.shop[Symbol.asyncDispose]()
    await using reopened = await testShop({ database: test.database })
    expect([await reopened.caller.products.list(), await reopened.caller.orders.list()]).toEqual(before)
    expect(await reopened.caller.orders.byId({ id: order.id })).toEqual(order)
  })
})
