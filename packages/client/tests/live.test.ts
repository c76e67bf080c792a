import { createShopClient, isShopError } from '@stockroom/client'
import { serve } from '@stockroom/server/http'
import { EventSource } from 'eventsource'
import { afterEach, assert, expect, test, vi } from 'vitest'
import { aProduct, testShop } from '../../server/tests/_shop.ts'
import { recordingFetch, testServer } from './_server.ts'

afterEach(() => vi.unstubAllGlobals())

/** What a subscription is told, one after the other; `subscribe` gets what to call it with. */
function listener<Data>() {
  const told: Data[] = []
  let more = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<unknown>()
  return {
    handlers: {
      onData: (data: Data) => {
        told.push(data)
        more.resolve()
      },
      onError: failed.resolve,
    },
    error: failed.promise,
    async next(): Promise<Data> {
      while (told.length === 0) {
        await more.promise
        more = Promise.withResolvers()
      }
      return told.shift()!
    },
  }
}

test('a watch of products says what there is and what becomes of it, with times as Date', async () => {
  await using server = await testServer()
  const { products, orders } = server.client
  const mug = await products.create.mutate(aProduct({ quantity: 5 }))
  const heard = listener<{ id: string; data: { id: string; product: typeof mug | null } }>()
  const watch = products.watch.subscribe({ ids: [mug.id, 'nope'] }, heard.handlers)
  expect(await heard.next()).toEqual({ id: `${mug.id}:1`, data: { id: mug.id, product: mug } })
  expect(await heard.next()).toEqual({ id: 'gone', data: { id: 'nope', product: null } })
  await orders.create.mutate({ userId: 'ada', productId: mug.id, quantity: 2 })
  const { data } = await heard.next()
  expect(data.product).toEqual(await products.byId.query({ id: mug.id }))
  expect(data.product!.updatedAt).toBeInstanceOf(Date)
  watch.unsubscribe()
})

test('a watch of an order says each of its steps', async () => {
  await using server = await testServer()
  const { products, orders } = server.client
  const { id: productId } = await products.create.mutate(aProduct())
  const order = await orders.create.mutate({ userId: 'ada', productId, quantity: 1 })
  const heard = listener<{ data: typeof order }>()
  const watch = orders.watch.subscribe({ id: order.id }, heard.handlers)
  expect((await heard.next()).data).toEqual(order)
  const paid = await orders.pay.mutate({ id: order.id })
  expect((await heard.next()).data).toEqual(paid)
  watch.unsubscribe()
})

test('a watch that is refused says why', async () => {
  await using server = await testServer()
  const heard = listener()
  server.client.orders.watch.subscribe({ id: 'nope' }, heard.handlers)
  const error = await heard.error
  assert(isShopError(error, 'ORDER_NOT_FOUND'))
  expect(error.data.shop.details).toEqual({ orderId: 'nope' })
})

test('a watch goes on with the state there is when its server is replaced', async () => {
  await using test = await testShop()
  const { shop, caller } = test
  const mug = await caller.products.create(aProduct({ quantity: 5 }))
  const heard = listener<{ data: { product: { quantity: number } | null } }>()
  const old = await serve({ shop, port: 0, drainMs: 0 })
  const { products } = createShopClient({ url: old.url })
  const watch = products.watch.subscribe({ ids: [mug.id] }, heard.handlers)
  expect((await heard.next()).data.product).toMatchObject({ quantity: 5 })
  await old[Symbol.asyncDispose]()
  await caller.products.setQuantity({ id: mug.id, quantity: 3 })
  await using _new = await serve({ shop, port: Number(new URL(old.url).port), drainMs: 0 })
  expect((await heard.next()).data.product).toMatchObject({ quantity: 3 })
  watch.unsubscribe()
})

test('a watch that a proxy refuses is asked for again, and says so', async () => {
  await using server = await testServer()
  const mug = await server.client.products.create.mutate(aProduct())
  let refusals = 2
  const fetch: typeof globalThis.fetch = async (input, init) =>
    refusals-- > 0 ? new Response('no upstream', { status: 502 }) : globalThis.fetch(input, init)
  const heard = listener<{ data: { id: string } }>()
  const errors: string[] = []
  const watch = createShopClient({ url: server.url, fetch }).products.watch.subscribe(
    {},
    { ...heard.handlers, onConnectionStateChange: ({ error }) => void (error && errors.push(error.message)) },
  )
  expect((await heard.next()).data.id).toBe(mug.id)
  expect(errors).toEqual(Array(2).fill('Non-200 status code (502)'))
  watch.unsubscribe()
})

test('headers go with a watch, too', async () => {
  await using server = await testServer()
  await server.client.products.create.mutate(aProduct())
  const { fetch, requests } = recordingFetch()
  const client = createShopClient({ url: server.url, fetch, headers: { authorization: 'Bearer of-news' } })
  const heard = listener()
  const watch = client.products.watch.subscribe(undefined, heard.handlers)
  await heard.next()
  expect(requests.map(({ path, headers }) => [path, headers.get('authorization'), headers.get('accept')])).toEqual([
    ['/trpc/products.watch', 'Bearer of-news', 'text/event-stream'],
  ])
  watch.unsubscribe()
})

test('the EventSource of a browser is used where there is one', async () => {
  await using server = await testServer()
  await server.client.products.create.mutate(aProduct())
  const opened: unknown[] = []
  vi.stubGlobal(
    'EventSource',
    class extends EventSource {
      constructor(url: string) {
        super(url)
        opened.push(this)
      }
    },
  )
  const heard = listener()
  const watch = createShopClient({ url: server.url }).products.watch.subscribe({}, heard.handlers)
  await heard.next()
  expect(opened).toHaveLength(1)
  watch.unsubscribe()
})

test('a watch that was left before it began asks for nothing', async () => {
  await using server = await testServer()
  const { fetch, requests } = recordingFetch()
  const client = createShopClient({ url: server.url, fetch })
  client.products.watch.subscribe({}, {}).unsubscribe()
  const heard = listener()
  const watch = client.products.watch.subscribe({ ids: ['nope'] }, heard.handlers)
  await heard.next()
  expect(requests).toHaveLength(1)
  watch.unsubscribe()
})

test('what a listener throws is thrown where it is seen, and does not begin the watch anew', async () => {
  await using server = await testServer()
  const { products } = server.client
  const { id } = await products.create.mutate(aProduct({ quantity: 5 }))
  const { fetch, requests } = recordingFetch()
  const thrown: unknown[] = []
  const { queueMicrotask } = globalThis
  vi.stubGlobal('queueMicrotask', (callback: () => void) =>
    queueMicrotask(() => {
      try {
        callback()
      } catch (error) {
        thrown.push(error)
      }
    }),
  )
  const seen: number[] = []
  const second = Promise.withResolvers<void>()
  const watch = createShopClient({ url: server.url, fetch }).products.watch.subscribe(
    { ids: [id] },
    {
      onData({ data: { product } }) {
        if (seen.push(product!.quantity) === 2) second.resolve()
        throw new Error('a bug of the app')
      },
    },
  )
  await expect.poll(() => seen).toEqual([5])
  await products.setQuantity.mutate({ id, quantity: 4 })
  await second.promise
  watch.unsubscribe()
  expect(seen).toEqual([5, 4])
  expect(requests).toHaveLength(1)
  await expect.poll(() => thrown).toEqual([new Error('a bug of the app'), new Error('a bug of the app')])
})
