import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { serve } from '@stockroom/server/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EventStream } from './_events.ts'
import { openEvents, rpcUrl } from './_events.ts'
import { expectInvalid, expectProblem, openDoors, rawRequest, send } from './_http.ts'
import { aProduct, testShop } from './_shop.ts'

afterEach(() => void vi.useRealTimers())

async function selling() {
  const doors = await openDoors()
  const { products, orders } = doors.test.caller
  const mug = await products.create(aProduct({ name: 'Mug', category: 'Kitchen', quantity: 5 }))
  const lamp = await products.create(aProduct({ name: 'Lamp', category: 'Light', quantity: 5 }))
  const buy = (productId: string) => orders.create({ userId: 'ada', productId, quantity: 1 })
  return { ...doors, mug, lamp, buy, [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose]() }
}

/** The next event, with its data parsed. */
async function next(events: EventStream) {
  const event = await events.next()
  return event && { ...event, data: JSON.parse(event.data) as unknown }
}

describe('GET /products/events', () => {
  test('says each product as it is and as it becomes, in the names of REST', async () => {
    await using shop = await selling()
    await using events = await openEvents(`${shop.url}/products/events`)
    const { status, headers } = events.response
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const { body } = await send(`${shop.url}/products`)
    const [mug, lamp] = body.products as { id: string }[]
    expect(await next(events)).toEqual({ id: `${shop.mug.id}:1`, data: { id: shop.mug.id, product: mug } })
    expect(await next(events)).toEqual({ id: `${shop.lamp.id}:1`, data: { id: shop.lamp.id, product: lamp } })
    expect(events.asides).toEqual(['retry: 1000'])
    await shop.buy(shop.lamp.id)
    const sold = { ...lamp, quantity: 4, revision: 2, updated_at: expect.any(String) }
    expect(await next(events)).toEqual({ id: `${shop.lamp.id}:2`, data: { id: shop.lamp.id, product: sold } })
  })

  test('takes ids, or a category', async () => {
    await using shop = await selling()
    await using one = await openEvents(`${shop.url}/products/events?id=${shop.lamp.id}`)
    await using two = await openEvents(`${shop.url}/products/events?id=nope&id=${shop.mug.id}`)
    await using light = await openEvents(`${shop.url}/products/events?category=Light`)
    await using none = await openEvents(`${shop.url}/products/events?category=Garden`)
    expect(none.response.status).toBe(200)
    expect(await next(one)).toMatchObject({ data: { id: shop.lamp.id } })
    expect(await next(light)).toMatchObject({ data: { id: shop.lamp.id } })
    expect(await next(two)).toEqual({ id: 'gone', data: { id: 'nope', product: null } })
    expect(await next(two)).toMatchObject({ data: { id: shop.mug.id } })
    await shop.buy(shop.mug.id)
    await shop.buy(shop.lamp.id)
    expect(await next(one)).toMatchObject({ data: { id: shop.lamp.id, product: { quantity: 4 } } })
    expect(await next(light)).toMatchObject({ data: { id: shop.lamp.id, product: { quantity: 4 } } })
    expect(await next(two)).toMatchObject({ data: { id: shop.mug.id, product: { quantity: 4 } } })
  })

  test('is refused as any request is, before it begins', async () => {
    await using shop = await selling()
    const url = `${shop.url}/products/events`
    expectInvalid(await send(`${url}?id=a&category=b`), ['query', 'category'])
    expectInvalid(await send(`${url}?color=blue`), ['query', 'color'])
    expectInvalid(await send(`${url}?${'id=a&'.repeat(1001)}`), ['query', 'id'])
    expectProblem(await send(url, { method: 'POST', json: {} }), 'METHOD_NOT_ALLOWED')
    expect((await send(url, { method: 'HEAD' })).status).toBe(200)
  })

  test('takes a thousand ids', async () => {
    await using shop = await selling()
    const ids = [...Array.from({ length: 999 }, (_, index) => `${index}`.padStart(24, '0')), shop.mug.id]
    await using events = await openEvents(`${shop.url}/products/events?${ids.map((id) => `id=${id}`).join('&')}`)
    const told = new Set<unknown>()
    while (told.size < 1000) told.add(((await next(events))!.data as { id: string }).id)
    await using rpc = await openEvents(rpcUrl(shop.url, 'products.watch', { ids }))
    expect(await rpc.next()).toMatchObject({ event: 'connected' })
    expect(await rpc.next()).toMatchObject({ id: 'gone' })
  })

  test('begins with the state there is when a reader comes back', async () => {
    await using shop = await selling()
    const url = `${shop.url}/products/events?id=${shop.mug.id}`
    const before = await openEvents(url)
    const last = await before.next()
    await before[Symbol.asyncDispose]()
    await shop.buy(shop.mug.id)
    for (const path of ['', '/']) {
      const back = url.replace('?', `${path}?`)
      await using events = await openEvents(back, { 'last-event-id': last!.id! })
      expect(await next(events)).toMatchObject({ data: { product: { quantity: 4 } } })
    }
  })

  test('says every 15 seconds that it is there', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] })
    await using shop = await selling()
    await using events = await openEvents(`${shop.url}/products/events`)
    await events.next()
    await events.next()
    vi.advanceTimersByTime(15_000)
    await shop.buy(shop.mug.id)
    await events.next()
    expect(events.asides).toEqual(['retry: 1000', ':'])
  })
})

describe('GET /orders/{order_id}/events', () => {
  test('says the order as REST shows it, after each of its steps', async () => {
    await using shop = await selling()
    const { id } = await shop.buy(shop.mug.id)
    await using events = await openEvents(`${shop.url}/orders/${id}/events`)
    const { body } = await send(`${shop.url}/orders/${id}`)
    expect(await next(events)).toEqual({ id: '1', data: body.order })
    const paid = await send(`${shop.url}/orders/${id}/pay`, { method: 'POST', json: {} })
    expect(await next(events)).toEqual({ id: '2', data: paid.body.order })
  })

  test('is 404 for an order that there is not', async () => {
    await using shop = await selling()
    expectProblem(await send(`${shop.url}/orders/nope/events`), 'ORDER_NOT_FOUND', { details: { order_id: 'nope' } })
  })
})

describe('a subscription over RPC', () => {
  test('says the same under ids, and begins anew when a reader comes back', async () => {
    await using shop = await selling()
    const url = rpcUrl(shop.url, 'products.watch', { category: 'Kitchen' })
    const comingBack: Record<string, string> = { 'last-event-id': `${shop.mug.id}:1` }
    for (const headers of [{}, comingBack]) {
      await using events = await openEvents(url, headers)
      expect(events.response.headers.get('content-type')).toBe('text/event-stream')
      expect(events.response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(await next(events)).toEqual({ event: 'connected', data: { reconnectAfterInactivityMs: 40_000 } })
      expect(await next(events)).toMatchObject({
        id: expect.stringMatching(`^${shop.mug.id}:`),
        data: {
          json: { id: shop.mug.id, product: { name: 'Mug' } },
          meta: { values: { 'product.createdAt': ['Date'] } },
        },
      })
      const { quantity } = await shop.test.caller.products.byId({ id: shop.mug.id })
      await shop.buy(shop.mug.id)
      expect(await next(events)).toMatchObject({ data: { json: { product: { quantity: quantity - 1 } } } })
    }
  })

  test('that is refused says why, and is not to be tried again', async () => {
    await using shop = await selling()
    await using missing = await openEvents(rpcUrl(shop.url, 'orders.watch', { id: 'nope' }))
    await missing.next()
    expect(await next(missing)).toMatchObject({
      event: 'serialized-error',
      data: { json: { code: -32004, data: { shop: { code: 'ORDER_NOT_FOUND', details: { orderId: 'nope' } } } } },
    })
    await using wrong = await openEvents(rpcUrl(shop.url, 'products.watch', { ids: [], category: 'Kitchen' }))
    await wrong.next()
    expect(await next(wrong)).toMatchObject({
      data: { json: { code: -32600, data: { shop: { code: 'VALIDATION' } } } },
    })
  })
})

test('a reader may leave at any moment', async () => {
  await using shop = await selling()
  const { id } = await shop.buy(shop.mug.id)
  const urls = [`${shop.url}/products/events`, `${shop.url}/orders/${id}/events`]
  const rpcUrls = [rpcUrl(shop.url, 'products.watch'), rpcUrl(shop.url, 'orders.watch', { id })]
  await Promise.all(
    [...urls, ...rpcUrls].flatMap((url) =>
      Array.from({ length: 20 }, async (_, turns) => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
        await once(socket, 'connect')
        socket.write(rawRequest(`GET ${url.replace(shop.url, '')}`))
        for (let turn = 0; turn < turns; turn++) await setImmediate()
        socket.destroy()
      }),
    ),
  )
  await shop.buy(shop.mug.id)
  await using events = await openEvents(urls[0]!)
  expect(await next(events)).toMatchObject({ data: { id: shop.mug.id, product: { quantity: 3 } } })
  expect(shop.faults).toEqual([])
})

describe('a server that stops', () => {
  test('ends all watches at once, so that their readers connect elsewhere', async () => {
    await using shop = await selling()
    const order = await shop.buy(shop.mug.id)
    const urls = [
      `${shop.url}/products/events`,
      `${shop.url}/orders/${order.id}/events`,
      rpcUrl(shop.url, 'products.watch'),
      rpcUrl(shop.url, 'orders.watch', { id: order.id }),
    ]
    const watches = await Promise.all(urls.map((url) => openEvents(url)))
    for (const watch of watches) await watch.next()
    await shop.close()
    for (const watch of watches) {
      const rest = []
      for (let event = await watch.next(); event; event = await watch.next()) rest.push(event.event)
      // It would tell a reader that there is no more to come.
      expect(rest).not.toContain('return')
      await watch[Symbol.asyncDispose]()
    }
    expect(shop.faults).toEqual([])
  })

  test.each(['/products/events', '/trpc/products.watch'])(
    'does not wait for a reader of %s that does not read',
    async (path) => {
      await using test = await testShop()
      const products = { ...test.shop.products, watch: async () => flood() }
      await using server = await serve({ shop: { ...test.shop, products }, port: 0, drainMs: 0 })
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {})
      socket.write(rawRequest(`GET ${path}`))
      await once(socket, 'readable')
      // What is still open after 10 seconds would be cut: here they never pass.
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      await server[Symbol.asyncDispose]()
      const closed = once(socket, 'close')
      socket.resume()
      await closed
    },
  )
})

/** More than any buffer on the way holds. */
async function* flood() {
  for (;;) yield { id: 'x'.repeat(100_000), product: null }
}
