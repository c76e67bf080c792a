import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { testShop } from '@stockroom/server/testing'
import { describe, expect, inject, test } from 'vitest'
import { databasesIn, dataFolder, startHost } from './_host.ts'

/** An empty shop in the run's own MongoDB, and the variables that lead a host to it. */
async function sharedShop() {
  const shop = await testShop({ uri: inject('mongoUri') })
  return { ...shop, variables: { MONGODB_URI: shop.uri, MONGODB_DATABASE: shop.database } }
}

interface Product {
  id: string
  quantity: number
}

async function productsOf(url: string): Promise<Product[]> {
  const response = await fetch(`${url}/products`)
  return ((await response.json()) as { products: Product[] }).products
}

function placeOrder(url: string, productId: string, userId = 'ada') {
  return fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId, product_id: productId, quantity: 1 }),
  })
}

async function placedOrder(url: string, productId: string): Promise<{ id: string }> {
  const response = await placeOrder(url, productId)
  expect(response.status).toBe(201)
  return ((await response.json()) as { order: { id: string } }).order
}

async function shownOrder(url: string, id: string): Promise<unknown> {
  return ((await (await fetch(`${url}/orders/${id}`)).json()) as { order: unknown }).order
}

/** What went wrong is said in words: no stack, no file of ours. */
function expectReadable(text: string) {
  expect(text).not.toMatch(/^\s+at |\.ts:\d|node:internal|\[Symbol|MongoServer\w*Error/m)
  expect(text.trim().length).toBeGreaterThan(20)
}

describe('the host with its own database', () => {
  test('keeps products and orders over a stop, and over a kill of everything', { timeout: 60_000 }, async () => {
    await using folder = await dataFolder()
    const variables = { STOCKROOM_DATA: folder.path }
    let productId: string
    let first: { id: string }
    let second: { id: string }
    {
      await using host = startHost(variables)
      const url = await host.url
      expect(host.output.out).toContain(folder.path)
      expect(host.output.out).toContain('filled with 40 sample products')
      const products = await productsOf(url)
      expect(products).toHaveLength(40)
      expect(products.filter(({ quantity }) => quantity < 1)).toEqual([])
      expect((await fetch(`${url}/docs`)).status).toBe(200)
      productId = products[0]!.id
      first = await placedOrder(url, productId)
      host.process.kill('SIGTERM')
      expect(await host.ended).toBe(0)
      expect(host.output.err).toBe('')
      expect(await databasesIn(folder.path)).toEqual([])
    }
    {
      await using host = startHost(variables)
      const url = await host.url
      expect(host.output.out).not.toContain('sample products')
      expect(await shownOrder(url, first.id)).toEqual(first)
      second = await placedOrder(url, productId)
      const databases = await databasesIn(folder.path)
      expect(databases).toHaveLength(1)
      host.process.kill('SIGKILL')
      for (const pid of databases) process.kill(pid, 'SIGKILL')
      expect(await host.ended).toBe('SIGKILL')
    }
    {
      await using host = startHost(variables)
      const url = await host.url
      expect([await shownOrder(url, first.id), await shownOrder(url, second.id)]).toEqual([first, second])
      const products = await productsOf(url)
      expect(products).toHaveLength(40)
      expect(products[0]).toMatchObject({ id: productId, quantity: 138 })

      // One folder, one host.
      await using late = startHost(variables)
      expect(await late.ended).toBe(1)
      expect(late.output.err).toMatch(/already running in this folder \(pid \d+\)/)
      expect(late.output.err).toContain(String(host.process.pid))
      expectReadable(late.output.err)
      expect((await fetch(`${url}/readyz`)).status).toBe(200)

      host.process.kill('SIGINT')
      expect(await host.ended).toBe(0)
      expect(await databasesIn(folder.path)).toEqual([])
    }
  })
})

describe('the host', () => {
  test('without the sample catalogue serves an empty shop', async () => {
    await using shared = await sharedShop()
    await using host = startHost({ ...shared.variables, SAMPLE_CATALOGUE: 'off' })
    const response = await fetch(`${await host.url}/products`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ detail: 'No products found' })
    expect(host.output.out).toContain('MONGODB_URI')
  })

  test('fails no request in flight when it is told to stop', async () => {
    await using shared = await sharedShop()
    await using host = startHost(shared.variables)
    const url = await host.url
    const [{ id } = { id: '' }] = await productsOf(url)
    const statuses: number[] = []
    const answered = Promise.withResolvers<void>()
    const buyer = async (n: number) => {
      for (let order = 0; ; order++) {
        const response = await placeOrder(url, id, `buyer-${n}-${order}`)
        await response.arrayBuffer()
        statuses.push(response.status)
        if (statuses.length === 200) answered.resolve()
        // From here on the host asks its clients to leave.
        if (response.headers.get('connection') === 'close') return
      }
    }
    const load = Promise.all(Array.from({ length: 16 }, (_, n) => buyer(n)))
    await Promise.race([answered.promise, load])
    host.process.kill('SIGTERM')
    await load
    expect(await host.ended).toBe(0)
    expect(statuses.length).toBeGreaterThanOrEqual(200)
    // 201 while there is stock, 400 after that; every one of them an answer.
    expect(statuses.filter((status) => status !== 201 && status !== 400)).toEqual([])
    expect(host.output.err).toBe('')

    let placed = 0
    for (let page = await shared.caller.orders.list({ limit: 1000 }); ;) {
      placed += page.items.length
      if (page.nextCursor === null) break
      page = await shared.caller.orders.list({ limit: 1000, cursor: page.nextCursor })
    }
    expect(placed).toBe(statuses.filter((status) => status === 201).length)
  })

  test('says when its database stops answering, and when it answers again', { timeout: 30_000 }, async () => {
    await using folder = await dataFolder()
    await using host = startHost({ STOCKROOM_DATA: folder.path, LOG_LEVEL: 'info' })
    await host.url
    const [database] = await databasesIn(folder.path)
    const hasSaid = (words: string) => expect.poll(() => host.output.err, { timeout: 15_000 }).toContain(words)
    process.kill(database!, 'SIGSTOP')
    await hasSaid('the database does not answer')
    process.kill(database!, 'SIGCONT')
    await hasSaid('the database answers again')
    host.process.kill('SIGTERM')
    expect(await host.ended).toBe(0)
  })

  test('with LOG_LEVEL=debug tells of each request', async () => {
    await using shared = await sharedShop()
    await using host = startHost({ ...shared.variables, LOG_LEVEL: 'debug' })
    await fetch(`${await host.url}/products?limit=1`)
    await expect
      .poll(() => host.output.err.split('\n').flatMap((line) => (line ? [JSON.parse(line) as unknown] : [])))
      .toContainEqual(expect.objectContaining({ method: 'GET', route: '/products', status: 200 }))
  })

  test('that is told to stop says so to load balancers first', async () => {
    await using shared = await sharedShop()
    await using host = startHost(shared.variables)
    const url = await host.url
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    host.process.kill('SIGTERM')
    await expect
      .poll(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status, { interval: 10 })
      .toBe(503)
    expect(await host.ended).toBe(0)
  })

  test('that is told to stop while its database starts does not open', { timeout: 30_000 }, async () => {
    await using folder = await dataFolder()
    await using host = startHost({ STOCKROOM_DATA: folder.path })
    await expect.poll(() => databasesIn(folder.path), { timeout: 15_000, interval: 5 }).toHaveLength(1)
    host.process.kill('SIGTERM')
    expect(await host.ended).toBe(0)
    expect(host.output).toEqual({ out: '', err: '' })
    expect(await databasesIn(folder.path)).toEqual([])
  })

  test('that finds its port taken says which and what to do', async () => {
    await using shared = await sharedShop()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await using host = startHost({ ...shared.variables, PORT: String(port) })
    expect(await host.ended).toBe(1)
    expect(host.output.err).toContain(`Port ${port} is taken`)
    expectReadable(host.output.err)
    other.close()
  })

  test('with wrong variables lists them all, and starts nothing', async () => {
    await using folder = await dataFolder()
    await using host = startHost({ STOCKROOM_DATA: `${folder.path}/data`, PORT: 'http', SAMPLE_CATALOGUE: 'perhaps' })
    expect(await host.ended).toBe(1)
    expect(host.output.err).toMatch(/PORT: .+\n +SAMPLE_CATALOGUE: .+\n/)
    expectReadable(host.output.err)
    expect(host.output.out).toBe('')
    expect(await databasesIn(folder.path)).toEqual([])
  })

  test.for<[string, string, RegExp]>([
    ['a write concern below majority', 'mongodb://127.0.0.1:1/?w=1', /below majority/],
    [
      'an option that there is not',
      'mongodb://127.0.0.1:1/?replicaset=a&color=blue',
      /MONGODB_URI is not valid: .*It looks like mongodb:/,
    ],
  ])('with %s says so in words', async ([, uri, words]) => {
    await using host = startHost({ MONGODB_URI: uri })
    expect(await host.ended).toBe(1)
    expect(host.output.err).toMatch(words)
    expectReadable(host.output.err)
  })
})
