import { createShopClient, idempotencyKeyOf, isShopError } from '@stockroom/client'
import { assert, expect, onTestFinished, test, vi } from 'vitest'
import { aProduct } from '../../server/tests/_shop.ts'
import { testServer } from './_server.ts'

/** `fetch` that reaches the server, and then loses the first answers. */
function losing(count: number) {
  let sent = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    if (sent++ < count) throw new TypeError('fetch failed')
    return response
  }
  return { fetch, sent: () => sent }
}

test('one call is one order, though three answers were lost', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct({ quantity: 10 }))
  const { fetch, sent } = losing(3)
  const client = createShopClient({ url: server.url, fetch })
  const order = await client.orders.create.mutate({ userId: 'ada', productId, quantity: 2 })
  expect(sent()).toBe(4)
  expect((await server.client.orders.list.query()).items).toEqual([order])
  expect((await server.client.products.byId.query({ id: productId })).quantity).toBe(8)
})

test('each step of an order and each adjustment is done once, though its answer was lost', async () => {
  await using server = await testServer()
  const { products, orders } = server.client
  const { id: productId } = await products.create.mutate(aProduct({ quantity: 10 }))
  const place = () => orders.create.mutate({ userId: 'ada', productId, quantity: 1 })
  const [paid, cancelled] = [await place(), await place()]
  const changes: ((client: typeof server.client) => Promise<unknown>)[] = [
    (client) => client.orders.pay.mutate({ id: paid.id }),
    (client) => client.orders.fulfil.mutate({ id: paid.id }),
    (client) => client.orders.refund.mutate({ id: paid.id, restock: true }),
    (client) => client.orders.cancel.mutate({ id: cancelled.id }),
    (client) => client.products.adjustQuantity.mutate({ id: productId, delta: 5, reason: 'found' }),
  ]
  for (const change of changes) {
    const { fetch, sent } = losing(1)
    await change(createShopClient({ url: server.url, fetch }))
    expect(sent()).toBe(2)
  }
  const { history } = await orders.byId.query({ id: paid.id })
  expect(history.map(({ status }) => status)).toEqual(['placed', 'paid', 'fulfilled', 'refunded'])
  expect((await products.byId.query({ id: productId })).quantity).toBe(15)
})

test('a call whose answers are all lost is sent four times, after waits that grow', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct())
  const { fetch, sent } = losing(Infinity)
  vi.spyOn(Math, 'random').mockReturnValue(0.999)
  onTestFinished(() => void vi.restoreAllMocks())
  const waits = vi.spyOn(globalThis, 'setTimeout')
  const client = createShopClient({ url: server.url, fetch })
  await expect(client.orders.create.mutate({ userId: 'ada', productId, quantity: 1 })).rejects.toThrow('fetch failed')
  expect(sent()).toBe(4)
  expect(waits.mock.calls.flatMap(([, ms = 0]) => (ms % 1 === 0 ? [] : Math.round(ms)))).toEqual([200, 400, 799])
  expect((await server.client.orders.list.query()).items).toHaveLength(1)
})

test('an answer that never comes counts as lost after 30 seconds', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct({ quantity: 10 }))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
  const reached = Promise.withResolvers<AbortSignal>()
  let sent = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    if (sent++ > 0) return response
    reached.resolve(init!.signal!)
    return new Promise(() => {})
  }
  const placing = createShopClient({ url: server.url, fetch }).orders.create.mutate({
    userId: 'ada',
    productId,
    quantity: 1,
  })
  const signal = await reached.promise
  await vi.advanceTimersByTimeAsync(25_000)
  expect([sent, signal.aborted]).toEqual([1, false])
  await vi.advanceTimersByTimeAsync(5000)
  const order = await placing
  expect([sent, signal.aborted]).toEqual([2, true])
  expect((await server.client.orders.list.query()).items).toEqual([order])
})

test('a call that its caller aborts ends at once, whatever it waits for, and is not sent again', async () => {
  const order = { userId: 'ada', productId: '6650f0a2c3d4e5f601234567', quantity: 1 }
  const placing = (fetch: typeof globalThis.fetch, signal: AbortSignal) =>
    createShopClient({ url: 'http://127.0.0.1:1', fetch }).orders.create.mutate(order, { signal })
  let sent = 0

  const asked = new AbortController()
  const signals: (AbortSignal | null | undefined)[] = []
  const silent: typeof fetch = (_, init) => {
    sent++
    signals.push(init?.signal)
    asked.abort(new Error('it takes too long'))
    return new Promise(() => {})
  }
  await expect(placing(silent, asked.signal)).rejects.toThrow('it takes too long')
  expect([sent, signals[0]?.aborted]).toEqual([1, true])

  // The wait before the next try would be of weeks.
  vi.spyOn(Math, 'random').mockReturnValue(1e7)
  onTestFinished(() => void vi.restoreAllMocks())
  const waiting = new AbortController()
  const lost: typeof fetch = () => {
    sent++
    setTimeout(() => waiting.abort(), 1)
    return Promise.reject(new TypeError('fetch failed'))
  }
  await expect(placing(lost, waiting.signal)).rejects.toThrow('aborted')
  await expect(placing(lost, AbortSignal.abort())).rejects.toThrow('aborted')
  expect(sent).toBe(2)
})

test('one of two calls that travel together can be aborted', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct({ quantity: 10 }))
  const leaving = new AbortController()
  const fetch: typeof globalThis.fetch = (input, init) => {
    leaving.abort(new Error('not needed any more'))
    return globalThis.fetch(input, init)
  }
  const { products } = createShopClient({ url: server.url, fetch })
  const [left, kept] = await Promise.allSettled([
    products.byId.query({ id: productId }, { signal: leaving.signal }),
    products.byId.query({ id: productId }),
  ])
  expect(left).toMatchObject({ status: 'rejected', reason: { message: 'not needed any more' } })
  expect(kept).toMatchObject({ status: 'fulfilled', value: { id: productId } })
})

test('an input that cannot be sent ends its call and leaves nothing behind', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { orders } = createShopClient({ url: 'http://127.0.0.1:1' })
  // Plain JavaScript may pass anything.
  const order = { userId: 'ada', productId: 'a', quantity: 10n } as unknown as Parameters<
    typeof orders.create.mutate
  >[0]
  await expect(orders.create.mutate(order)).rejects.toThrow('BigInt')
  expect(vi.getTimerCount()).toBe(0)
})

test('two calls are two orders, and a key of the caller stays as it is', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct())
  const place = (idempotencyKey?: string) =>
    server.client.orders.create.mutate({ userId: 'ada', productId, quantity: 1, idempotencyKey })
  const [one, two] = await Promise.all([place('my-own-key'), place('my-own-key')])
  expect(two).toEqual(one)
  await Promise.all([server.client.orders.pay.mutate({ id: one.id }), place(), place()])
  expect((await server.client.orders.list.query()).items).toHaveLength(3)
})

test('a call that could do something twice is not repeated, nor is a refusal', async () => {
  await using server = await testServer()
  const product = aProduct()
  const lost = losing(1)
  const client = createShopClient({ url: server.url, fetch: lost.fetch })
  await expect(client.products.create.mutate(product)).rejects.toThrow('fetch failed')
  expect(lost.sent()).toBe(1)
  const refused = await client.products.create.mutate(product).catch((error: unknown) => error)
  assert(isShopError(refused, 'SKU_TAKEN'))
  expect(lost.sent()).toBe(2)
})

test('retries: 0 sends once', async () => {
  await using server = await testServer()
  const { fetch, sent } = losing(1)
  const client = createShopClient({ url: server.url, fetch, retries: 0 })
  await expect(client.products.list.query()).rejects.toThrow('fetch failed')
  expect(sent()).toBe(1)
})

test('an order whose first answer was lost is not said to be without effect, because later tries met a busy shop', async () => {
  await using server = await testServer()
  await using closing = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct({ quantity: 10 }))
  await closing.shop[Symbol.asyncDispose]()
  let sent = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    if (sent++ > 0) return globalThis.fetch(`${closing.url}${pathname}${search}`, init)
    await globalThis.fetch(input, init)
    throw new TypeError('fetch failed')
  }
  const order = { userId: 'ada', productId, quantity: 1 }
  await expect(createShopClient({ url: server.url, fetch }).orders.create.mutate(order)).rejects.toThrow('fetch failed')
  expect(sent).toBe(4)
  expect((await server.client.orders.list.query()).items).toHaveLength(1)
  // Where none of the tries can have had an effect, that is what is said.
  const busy = await closing.client.orders.create.mutate(order).catch((error: unknown) => error)
  assert(isShopError(busy, 'BUSY'))
})

test('a failed call tells the key it was sent with, under which it can be made sure of later', async () => {
  await using server = await testServer()
  const { id: productId } = await server.client.products.create.mutate(aProduct({ quantity: 10 }))
  const lost = createShopClient({ url: server.url, fetch: losing(Infinity).fetch, retries: 0 })
  const input = { userId: 'ada', productId, quantity: 1 }
  const error = await lost.orders.create.mutate(input).catch((error: unknown) => error)
  const idempotencyKey = idempotencyKeyOf(error)
  expect(idempotencyKey).toMatch(/^[0-9a-f]{32}$/)
  const order = await server.client.orders.create.mutate({ ...input, idempotencyKey })
  expect((await server.client.orders.list.query()).items).toEqual([order])
  const unkeyed = await lost.products.list.query().catch((error: unknown) => error)
  expect([unkeyed, new Error('no')].map(idempotencyKeyOf)).toEqual([undefined, undefined])
})
