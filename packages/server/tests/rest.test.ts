import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectDocumented, operationFor } from './_document.ts'
import type { Answer, Doors, Json, RestOrder, Send } from './_http.ts'
import { expectInvalid, expectProblem, openDoors, rawRequest, restProduct, send, sendRaw, statusOf } from './_http.ts'
import { aProduct } from './_shop.ts'

const MIB = 1024 * 1024
const UNKNOWN_ID = 'f'.repeat(24)
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const ID = expect.stringMatching(/^[0-9a-f]{24}$/)

let shared: Doors
beforeAll(async () => {
  shared = await openDoors()
})
afterAll(async () => {
  expect(shared.faults).toEqual([])
  await shared[Symbol.asyncDispose]()
})

/** One REST request; whatever comes back has to be what the document promises of that operation. */
async function call<Body = Json>(line: string, { doors = shared, ...init }: Send & { doors?: Doors } = {}) {
  const [method = '', path = ''] = line.split(' ')
  const answer = await send<Body>(`${doors.url}${path}`, { method, ...init })
  const operation = operationFor(method, path)
  if (operation) expectDocumented(operation, answer as Answer)
  return answer
}

const newProduct = (fields: Parameters<typeof aProduct>[0] = {}, doors = shared) =>
  doors.test.caller.products.create(aProduct(fields))

const stockOf = async (id: string) => (await shared.test.caller.products.byId({ id })).quantity

describe('GET /products', () => {
  test('an empty shop is 404 "No products found"', async () => {
    await using doors = await openDoors()
    expectProblem(await call('GET /products', { doors }), 'NO_PRODUCTS')
  })

  test('all products, oldest first, with every field in snake_case', async () => {
    await using doors = await openDoors()
    const plain = await newProduct({ quantity: 0 }, doors)
    const full = await newProduct({ description: 'Holds tea', category: 'Kitchen' }, doors)
    const answer = await call('GET /products', { doors })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const { createdAt: _, updatedAt: __, ...plainFields } = plain
    const { createdAt: ___, updatedAt: ____, ...fullFields } = full
    expect(answer.body).toEqual({
      message: '2 products found',
      products: [
        { ...plainFields, created_at: plain.createdAt.toISOString(), updated_at: plain.updatedAt.toISOString() },
        { ...fullFields, created_at: full.createdAt.toISOString(), updated_at: full.updatedAt.toISOString() },
      ],
      next_cursor: null,
    })
  })

  test('25 products in pages of 10, without a gap or a repeat', async () => {
    await using doors = await openDoors()
    const { results } = await doors.test.caller.products.upsertMany({
      rows: Array.from({ length: 25 }, () => aProduct()),
    })
    const pages = await readPages<{ id: string }>(doors, 'products')
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
    expect(pages.flat().map(({ id }) => id)).toEqual(results.map(({ id }) => id))
    const exact = await call('GET /products?limit=25', { doors })
    expect(exact.body.next_cursor).toBeNull()
  })
})

async function readPages<Item>(doors: Doors, list: 'products' | 'orders'): Promise<Item[][]> {
  const pages: Item[][] = []
  for (let cursor: unknown = ''; cursor !== null;) {
    const { body } = await call(`GET /${list}?limit=10${cursor === '' ? '' : `&cursor=${cursor as string}`}`, { doors })
    const items = body[list] as Item[]
    expect(body.message).toBe(`${items.length} ${list} found`)
    pages.push(items)
    cursor = body.next_cursor
  }
  return pages
}

describe('POST /products', () => {
  test('201 with the product, its id and where it is', async () => {
    const json = restProduct({ description: 'Holds tea', category: 'Kitchen' })
    const answer = await call('POST /products', { json })
    expect(answer.status).toBe(201)
    expect(answer.body).toEqual({
      message: 'Product created',
      product_id: ID,
      product: { id: answer.body.product_id, ...json, version: 1, revision: 1, created_at: ISO, updated_at: ISO },
    })
    const location = answer.headers.get('location')
    expect(location).toBe(`/products/${String(answer.body.product_id)}`)
    const found = await call(`GET ${location}`)
    expect(found.body.product).toEqual(answer.body.product)
  })

  test.for([
    ['a price of nothing', { price: { amount: 0, currency: 'GBP' } }],
    ['the largest exact price', { price: { amount: Number.MAX_SAFE_INTEGER, currency: 'JPY' } }],
    ['no stock', { quantity: 0 }],
    ['the most stock', { quantity: 1_000_000_000 }],
    ['a name in any script', { name: 'Äpfel, 苹果, 🍎, אבג, e\u0301' }],
    ['names that mean something to a machine', { name: '$ne', category: '__proto__', description: 'a.b' }],
  ] as const)('%s is kept as it was given', async ([, fields]) => {
    const answer = await call('POST /products', { json: restProduct(fields) })
    expect(answer.status).toBe(201)
    const found = await call(`GET ${answer.headers.get('location')}`)
    expect(found.body.product).toMatchObject(fields)
  })

  test('a SKU that is taken is 409 and says whose it is', async () => {
    const { id, sku } = await newProduct()
    const answer = await call('POST /products', { json: restProduct({ sku }) })
    expectProblem(answer, 'SKU_TAKEN', { details: { sku, product_id: id } })
  })

  test.for<[string, Json, ...string[]]>([
    ['no SKU', { sku: undefined }, 'sku'],
    ['an empty SKU', { sku: '' }, 'sku'],
    ['a SKU that begins with a space', { sku: ' A' }, 'sku'],
    ['a SKU that ends with a space', { sku: 'A ' }, 'sku'],
    ['a SKU with a line break', { sku: 'A\nB' }, 'sku'],
    ['a SKU of 65 characters', { sku: 'A'.repeat(65) }, 'sku'],
    ['a SKU with NUL', { sku: 'A\u0000B' }, 'sku'],
    ['a SKU with a lone surrogate', { sku: 'A\ud800' }, 'sku'],
    ['an empty name', { name: '' }, 'name'],
    ['a name of 513 characters', { name: 'n'.repeat(513) }, 'name'],
    ['a name with NUL', { name: 'a\u0000' }, 'name'],
    ['a name with a lone surrogate', { name: 'a\udfff' }, 'name'],
    ['a description with NUL', { description: '\u0000' }, 'description'],
    ['a description of null', { description: null }, 'description'],
    ['a category with a lone surrogate', { category: '\ud83c' }, 'category'],
    ['no price', { price: undefined }, 'price'],
    ['a bare number as price', { price: 10 }, 'price'],
    ['a negative price', { price: { amount: -1, currency: 'EUR' } }, 'price.amount'],
    ['half a cent', { price: { amount: 0.5, currency: 'EUR' } }, 'price.amount'],
    ['a price that is not exact', { price: { amount: 2 ** 53, currency: 'EUR' } }, 'price.amount'],
    ['a price in text', { price: { amount: '10', currency: 'EUR' } }, 'price.amount'],
    ['a currency that is none', { price: { amount: 1, currency: 'EURO' } }, 'price.currency'],
    ['a currency in lower case', { price: { amount: 1, currency: 'eur' } }, 'price.currency'],
    ['an unknown field within the price', { price: { amount: 1, currency: 'EUR', tax: 1 } }, 'price.tax'],
    ['negative stock', { quantity: -1 }, 'quantity'],
    ['more stock than a billion', { quantity: 1_000_000_001 }, 'quantity'],
    ['stock in text', { quantity: '5' }, 'quantity'],
    ['stock of null', { quantity: null }, 'quantity'],
    ['an id of its own', { id: UNKNOWN_ID }, 'id'],
    ['a time of its own', { created_at: '2020-01-01T00:00:00Z' }, 'created_at'],
    ['two unknown fields', { admin: true, createdAt: 'x' }, 'admin', 'createdAt'],
  ])('%s is 422 naming the field', async ([, fields, ...places]) => {
    const answer = await call('POST /products', { json: restProduct(fields) })
    expectInvalid(answer, ...places.map((place) => ['body', ...place.split('.')]))
  })
})

describe('GET /products/{product_id}', () => {
  test('200 with the product', async () => {
    const { id, createdAt, updatedAt, ...fields } = await newProduct()
    const answer = await call(`GET /products/${id}`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      message: 'Product found',
      product: { id, ...fields, created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() },
    })
  })

  test.for([UNKNOWN_ID, 'x', '$ne', '%00', '1', 'a b', '苹果', '__proto__', '%7B%22%24ne%22%3Anull%7D'])(
    '%s is 404 "Product not found"',
    async (id) => {
      const answer = await call(`GET /products/${encodeURI(id).replaceAll('%25', '%')}`)
      const asked = decodeURIComponent(id)
      expectProblem(answer, 'PRODUCT_NOT_FOUND', { details: { product_ids: [asked] } })
    },
  )

  test('the path is percent-decoded, once', async () => {
    const encoded = await call('GET /products/u%201%2F%C3%A9%2525')
    expect(encoded.body.details).toEqual({ product_ids: ['u 1/é%25'] })
    const { id } = await newProduct()
    const spelledOut = await call(`GET /products/%${id.charCodeAt(0).toString(16)}${id.slice(1)}`)
    expect(spelledOut.body.product).toMatchObject({ id })
  })

  test('an encoding that is broken is 400', async () => {
    expectProblem(await call('GET /products/%ZZ'), 'MALFORMED_REQUEST')
    expectProblem(await call('GET /orders/%C3'), 'MALFORMED_REQUEST')
  })
})

describe.for(['/products/{id}', '/products/{id}/quantity'])('PUT %s', (path) => {
  const at = (id: string) => `PUT ${path.replace('{id}', id)}`

  test('200 with the product, whether the quantity comes in the body or in the query', async () => {
    const { id, sku } = await newProduct({ quantity: 1 })
    const byBody = await call(at(id), { json: { quantity: 7 } })
    expect(byBody.status).toBe(200)
    expect(byBody.body).toEqual({
      message: 'Product quantity updated',
      product_id: id,
      product: expect.objectContaining({ id, sku, quantity: 7, version: 1, revision: 2, updated_at: ISO }),
    })
    const byQuery = await call(`${at(id)}?quantity=0`)
    expect(byQuery.body.product).toMatchObject({ id, quantity: 0, revision: 3 })
    expect(await stockOf(id)).toBe(0)
  })

  test('a quantity in both is 422, and neither is taken', async () => {
    const { id, quantity } = await newProduct()
    expectInvalid(await call(`${at(id)}?quantity=7`, { json: { quantity: 7 } }), ['query', 'quantity'])
    expect(await stockOf(id)).toBe(quantity)
  })

  test('nothing in the body or the query overrides the path', async () => {
    const { id, quantity } = await newProduct()
    const other = await newProduct()
    for (const name of ['id', 'product_id', 'productId']) {
      expectInvalid(await call(at(id), { json: { quantity: 1, [name]: other.id } }), ['body', name])
      expectInvalid(await call(`${at(id)}?quantity=1&${name}=${other.id}`), ['query', name])
    }
    expect(await stockOf(id)).toBe(quantity)
    expect(await stockOf(other.id)).toBe(other.quantity)
  })

  test.for(['-1', '1000000001', '1.5', '', '1e3', '0x10', '01', '+1', 'NaN', 'null', 'true', '9007199254740993'])(
    '?quantity=%s is 422',
    async (quantity) => {
      const { id } = await newProduct()
      expectInvalid(await call(`${at(id)}?quantity=${encodeURIComponent(quantity)}`), ['query', 'quantity'])
    },
  )

  test('a quantity given twice is 422', async () => {
    const { id } = await newProduct()
    expectInvalid(await call(`${at(id)}?quantity=1&quantity=2`), ['query', 'quantity'])
  })

  test.for([-1, 1_000_000_001, 1.5, '7', null, true, [], [7], {}])('{ quantity: %j } is 422', async (quantity) => {
    const { id } = await newProduct()
    expectInvalid(await call(at(id), { json: { quantity } }), ['body', 'quantity'])
  })

  test('no quantity at all is 422', async () => {
    const { id } = await newProduct()
    expectInvalid(await call(at(id)), ['body', 'quantity'])
    expectInvalid(await call(at(id), { json: {} }), ['body', 'quantity'])
  })

  test.for([UNKNOWN_ID, 'nope'])('%s is 404 "Product not found"', async (id) => {
    const answer = await call(`${at(id)}?quantity=1`)
    expectProblem(answer, 'PRODUCT_NOT_FOUND', { details: { product_ids: [id] } })
  })

  test('an announced body of no bytes is no body', async () => {
    const { id } = await newProduct()
    const line = `${at(id)}?quantity=3`
    expect(statusOf(await sendRaw(shared.url, rawRequest(line, { 'content-length': '0' })))).toBe(200)
    expect(await stockOf(id)).toBe(3)
  })
})

describe('POST /orders', () => {
  test('the short form: 201 with the order, product_id, quantity and timestamp beside its line', async () => {
    const { id, sku, name, price: unitPrice } = await newProduct({ quantity: 5 })
    const answer = await call<{ order_id: string; order: RestOrder }>('POST /orders', {
      json: { user_id: 'ada', product_id: id, quantity: 2 },
    })
    expect(answer.status).toBe(201)
    const total = { amount: 2000, currency: 'EUR' }
    expect(answer.body).toEqual({
      message: 'Order created',
      order_id: ID,
      order: {
        id: answer.body.order_id,
        user_id: 'ada',
        lines: [{ product_id: id, sku, name, unit_price: unitPrice, quantity: 2, total }],
        total,
        status: 'placed',
        history: [{ status: 'placed', at: answer.body.order.created_at }],
        created_at: ISO,
        product_id: id,
        quantity: 2,
        timestamp: answer.body.order.created_at,
      },
    })
    expect(answer.headers.get('location')).toBe(`/orders/${answer.body.order_id}`)
    expect(await stockOf(id)).toBe(3)
  })

  test('an order of several lines has no product_id, quantity and timestamp of its own', async () => {
    const [one, two] = [await newProduct(), await newProduct()]
    const lines = [
      { product_id: one.id, quantity: 1 },
      { product_id: two.id, quantity: 3 },
    ]
    const { status, body } = await call<{ order: RestOrder }>('POST /orders', { json: { user_id: 'ada', lines } })
    expect(status).toBe(201)
    expect(body.order.lines).toMatchObject(lines)
    expect(Object.keys(body.order).toSorted()).toEqual([
      'created_at',
      'history',
      'id',
      'lines',
      'status',
      'total',
      'user_id',
    ])
    expect(body.order.total).toEqual({ amount: 4000, currency: 'EUR' })
  })

  test('lines of one product are merged, in whichever case its id is written', async () => {
    const { id } = await newProduct({ quantity: 5 })
    const lines = [id, id.toUpperCase(), id].map((product_id) => ({ product_id, quantity: 2 }))
    const tooMany = await call('POST /orders', { json: { user_id: 'ada', lines } })
    expect(tooMany.body).toMatchObject({ details: { products: [{ product_id: id, requested: 6, available: 5 }] } })
    const { body } = await call<{ order: RestOrder }>('POST /orders', {
      json: { user_id: 'ada', lines: lines.slice(1) },
    })
    expect(body.order).toMatchObject({ lines: [{ product_id: id, quantity: 4 }], product_id: id, quantity: 4 })
    expect(await stockOf(id)).toBe(1)
  })

  test('a shortage is 400 "Not enough stock available" and lists each short product; nothing is taken', async () => {
    const [plenty, few, none] = [
      await newProduct(),
      await newProduct({ quantity: 1 }),
      await newProduct({ quantity: 0 }),
    ]
    const lines = [plenty, few, none].map(({ id }) => ({ product_id: id, quantity: 2 }))
    const answer = await call('POST /orders', { json: { user_id: 'ada', lines } })
    expectProblem(answer, 'OUT_OF_STOCK', {
      details: {
        products: [
          { product_id: few.id, sku: few.sku, requested: 2, available: 1 },
          { product_id: none.id, sku: none.sku, requested: 2, available: 0 },
        ],
      },
    })
    expect(await stockOf(plenty.id)).toBe(plenty.quantity)
    expect(await stockOf(few.id)).toBe(1)
  })

  test.for([UNKNOWN_ID, 'nope', ''])('product "%s" is 404 "Product not found"', async (product_id) => {
    const answer = await call('POST /orders', { json: { user_id: 'ada', product_id, quantity: 1 } })
    expectProblem(answer, 'PRODUCT_NOT_FOUND', { details: { product_ids: [product_id] } })
  })

  test('two currencies in one order are 422 CURRENCY_MISMATCH', async () => {
    const [euro, pound] = [await newProduct(), await newProduct({ price: { amount: 1, currency: 'GBP' } })]
    const lines = [euro, pound].map(({ id }) => ({ product_id: id, quantity: 1 }))
    const answer = await call('POST /orders', { json: { user_id: 'ada', lines } })
    expectProblem(answer, 'CURRENCY_MISMATCH', { details: { currencies: ['EUR', 'GBP'] } })
    expect(await stockOf(euro.id)).toBe(euro.quantity)
  })

  test('a total that is no longer exact is 422 AMOUNT_OUT_OF_RANGE', async () => {
    const { id, quantity } = await newProduct({ price: { amount: Number.MAX_SAFE_INTEGER, currency: 'EUR' } })
    const answer = await call('POST /orders', { json: { user_id: 'ada', product_id: id, quantity: 2 } })
    expectProblem(answer, 'AMOUNT_OUT_OF_RANGE')
    expect(await stockOf(id)).toBe(quantity)
  })

  const line = { product_id: UNKNOWN_ID, quantity: 1 }
  test.for<[string, unknown, ...(string | number)[][]]>([
    ['no user', { ...line }, ['user_id']],
    ['an empty user', { user_id: '', ...line }, ['user_id']],
    ['a user of 129 characters', { user_id: 'u'.repeat(129), ...line }, ['user_id']],
    ['a user with NUL', { user_id: 'a\u0000', ...line }, ['user_id']],
    ['a user with a lone surrogate', { user_id: '\ud800', ...line }, ['user_id']],
    ['a user that is a number', { user_id: 5, ...line }, ['user_id']],
    ['neither form', { user_id: 'ada' }, ['lines']],
    ['no product', { user_id: 'ada', quantity: 1 }, ['product_id']],
    ['no quantity', { user_id: 'ada', product_id: UNKNOWN_ID }, ['quantity']],
    ['both forms', { user_id: 'ada', ...line, lines: [line] }, ['lines']],
    ['no lines', { user_id: 'ada', lines: [] }, ['lines']],
    ['2,001 lines', { user_id: 'ada', lines: Array.from({ length: 2001 }, () => line) }, ['lines']],
    ['lines that are an object', { user_id: 'ada', lines: {} }, ['lines']],
    ['a line of null', { user_id: 'ada', lines: [line, null] }, ['lines', 1]],
    ['a line without a product', { user_id: 'ada', lines: [{ quantity: 1 }] }, ['lines', 0, 'product_id']],
    ['a line of nothing', { user_id: 'ada', lines: [line, { ...line, quantity: 0 }] }, ['lines', 1, 'quantity']],
    ['an unknown field in a line', { user_id: 'ada', lines: [{ ...line, price: 1 }] }, ['lines', 0, 'price']],
    ['camelCase in a line', { user_id: 'ada', lines: [{ ...line, productId: 'x' }] }, ['lines', 0, 'productId']],
    ['a quantity of 0', { user_id: 'ada', ...line, quantity: 0 }, ['quantity']],
    ['a quantity above a million', { user_id: 'ada', ...line, quantity: 1_000_001 }, ['quantity']],
    ['half a unit', { user_id: 'ada', ...line, quantity: 1.5 }, ['quantity']],
    ['a quantity in text', { user_id: 'ada', ...line, quantity: '1' }, ['quantity']],
    ['camelCase', { userId: 'ada', ...line }, ['userId']],
    ['an unknown field', { user_id: 'ada', ...line, status: 'paid' }, ['status']],
    ['null', null, []],
    ['an array', [line], []],
    ['text', '"ada"', []],
    ['a number', 5, []],
  ])('%s is 422 naming the field', async ([, json, ...places]) => {
    expectInvalid(await call('POST /orders', { json }), ...places.map((place) => ['body', ...place]))
  })

  test('a missing field is said to be missing', async () => {
    const { body } = await call<{ errors: unknown }>('POST /orders', { json: line })
    expect(body.errors).toEqual([{ loc: ['body', 'user_id'], msg: 'is missing' }])
  })

  test('a query parameter is 422: an order is said in the body alone', async () => {
    expectInvalid(await call('POST /orders?quantity=1', { json: { user_id: 'ada', ...line } }), ['query', 'quantity'])
  })

  test('an order of 2,000 lines is taken', async () => {
    await using doors = await openDoors()
    const rows = Array.from({ length: 2000 }, () => aProduct())
    const chunks = [rows.slice(0, 1000), rows.slice(1000)]
    const created = await Promise.all(chunks.map((chunk) => doors.test.caller.products.upsertMany({ rows: chunk })))
    const lines = created.flatMap(({ results }) => results.map(({ id }) => ({ product_id: id, quantity: 1 })))
    const answer = await call<{ order: RestOrder }>('POST /orders', { doors, json: { user_id: 'ada', lines } })
    expect(answer.status).toBe(201)
    expect(answer.body.order).toMatchObject({ lines, total: { amount: 2_000_000, currency: 'EUR' } })
  })
})

describe('GET /orders', () => {
  test('no orders are 200 "0 orders found"', async () => {
    await using doors = await openDoors()
    const { status, body } = await call('GET /orders', { doors })
    expect(status).toBe(200)
    expect(body).toEqual({ message: '0 orders found', orders: [], next_cursor: null })
  })

  test('oldest first: the first 100 unless limit says otherwise, past skip of them', async () => {
    await using doors = await openDoors()
    const ids = await placeOrders(doors, 105)
    const list = async (query: string) =>
      (await call<{ message: string; orders: RestOrder[] }>(`GET /orders${query}`, { doors })).body
    const first = await list('')
    expect(first.message).toBe('100 orders found')
    expect(first.orders.map(({ id }) => id)).toEqual(ids.slice(0, 100))
    const skipped = await list('?skip=100')
    expect(skipped.message).toBe('5 orders found')
    expect(skipped.orders.map(({ id }) => id)).toEqual(ids.slice(100))
    expect((await list('?skip=1&limit=2')).orders.map(({ id }) => id)).toEqual(ids.slice(1, 3))
    expect((await list('?limit=1000')).orders).toHaveLength(105)
    expect(await list('?skip=9007199254740991')).toEqual({ message: '0 orders found', orders: [], next_cursor: null })
  })

  test('25 orders in pages of 10, without a gap or a repeat', async () => {
    await using doors = await openDoors()
    const ids = await placeOrders(doors, 25)
    const pages = await readPages<RestOrder>(doors, 'orders')
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
    expect(pages.flat().map(({ id }) => id)).toEqual(ids)
  })
})

/** Their ids in the order of the list: ids rise with time, and among those of one moment by their counter. */
async function placeOrders(doors: Doors, count: number): Promise<string[]> {
  const { id: productId } = await newProduct({ quantity: 1000 }, doors)
  const orders = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      doors.test.caller.orders.create({ userId: `user-${index}`, productId, quantity: 1 }),
    ),
  )
  return orders.map(({ id }) => id).toSorted()
}

describe('GET /orders/{order_id}', () => {
  test('200 with the order as it was answered when it was placed, as the list shows it too', async () => {
    await using doors = await openDoors()
    const { id } = await newProduct({}, doors)
    const json = { user_id: 'ада', product_id: id, quantity: 1 }
    const placed = await call('POST /orders', { doors, json })
    const found = await call(`GET ${placed.headers.get('location')}`, { doors })
    expect(found.status).toBe(200)
    expect(found.body).toEqual({ message: 'Order found', order: placed.body.order })
    const list = await call('GET /orders', { doors })
    expect(list.body).toEqual({ message: '1 orders found', orders: [placed.body.order], next_cursor: null })
  })

  test.for([UNKNOWN_ID, 'nope', '1', '%24ne'])('%s is 404 "Order not found"', async (id) => {
    const answer = await call(`GET /orders/${id}`)
    expectProblem(answer, 'ORDER_NOT_FOUND', { details: { order_id: decodeURIComponent(id) } })
  })
})

describe('the query', () => {
  const bad = ['', '0', '1001', '-1', '1.5', '1e2', '0x1', 'ten', 'null', '[1]', '%20', '1%00']
  test.for(['/products', '/orders'].flatMap((path) => bad.map((limit) => `${path}?limit=${limit}`)))(
    '%s is 422',
    async (path) => expectInvalid(await call(`GET ${path}`), ['query', 'limit']),
  )

  test.for(['', '-1', '1.5', 'one', '9007199254740992'])('/orders?skip=%s is 422', async (skip) => {
    expectInvalid(await call(`GET /orders?skip=${skip}`), ['query', 'skip'])
  })

  test.for<[string, string]>([
    ['/orders?limit=1&limit=2', 'limit'],
    ['/orders?skip=1&skip=1', 'skip'],
    ['/products?limit=1&limit=1', 'limit'],
    ['/products?cursor=a&cursor=b', 'cursor'],
    ['/products?cursor=', 'cursor'],
    ['/products?skip=1', 'skip'],
    ['/products?page=2', 'page'],
    ['/orders?limit[$gt]=1', 'limit[$gt]'],
    ['/orders?userId=ada', 'userId'],
    ['/orders?__proto__=1', '__proto__'],
    [`/orders/${UNKNOWN_ID}?fields=id`, 'fields'],
    [`/products/${UNKNOWN_ID}?product_id=x`, 'product_id'],
  ])('%s is 422 naming %s', async ([path, name]) => {
    expectInvalid(await call(`GET ${path}`), ['query', name])
  })

  test('all that is wrong is said at once', async () => {
    expectInvalid(await call('GET /orders?skip=x&limit=0'), ['query', 'skip'], ['query', 'limit'])
  })

  test.for(['/products', '/orders'])('a cursor of another list, or of nobody, is 400 on %s', async (path) => {
    await using doors = await openDoors()
    await placeOrders(doors, 2)
    await newProduct({}, doors)
    const other = path === '/products' ? '/orders' : '/products'
    const { body } = await call(`GET ${other}?limit=1`, { doors })
    expect(body.next_cursor).toEqual(expect.any(String))
    const forged = Buffer.from(`${path.slice(1)}:nope`).toString('base64url')
    for (const cursor of [String(body.next_cursor), 'zzz', '%F0%9F%8D%8E', forged, UNKNOWN_ID])
      expectProblem(await call(`GET ${path}?cursor=${cursor}`, { doors }), 'INVALID_CURSOR')
  })
})

describe('every path', () => {
  test('HEAD answers as GET does, without a body', async () => {
    const { id } = await newProduct()
    for (const path of [`/products/${id}`, '/products', '/orders', `/orders/${UNKNOWN_ID}`]) {
      const [get, head] = [await call(`GET ${path}`), await send(`${shared.url}${path}`, { method: 'HEAD' })]
      expect(head.text).toBe('')
      expect(head.status).toBe(get.status)
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
    }
  })

  test('a slash at the end makes no difference', async () => {
    const { id } = await newProduct()
    expect((await call(`GET /products/${id}/`)).body.product).toMatchObject({ id })
    expect((await call('GET /orders/?limit=1')).status).toBe(200)
    expect((await call(`PUT /products/${id}/quantity/?quantity=1`)).status).toBe(200)
  })

  test.for<[string, string]>([
    ['/products', 'GET, HEAD, POST'],
    [`/products/${UNKNOWN_ID}`, 'GET, HEAD, PUT'],
    [`/products/${UNKNOWN_ID}/quantity`, 'PUT'],
    ['/orders', 'GET, HEAD, POST'],
    [`/orders/${UNKNOWN_ID}`, 'GET, HEAD'],
  ])('on %s other methods than %s are 405', async ([path, allowed]) => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !allowed.includes(method))
    for (const method of methods) {
      const answer = await call(`${method} ${path}`)
      expectProblem(answer, 'METHOD_NOT_ALLOWED')
      expect(answer.headers.get('allow')?.split(', ').toSorted().join(', ')).toBe(allowed)
    }
  })

  test.for([
    'GET /nope',
    'POST /product',
    'GET /orders/1/lines',
    'DELETE /products/1/2/3',
    'GET /trpc',
    'GET //products',
  ])('%s is 404 as JSON', async (line) => expectProblem(await call(line), 'ROUTE_NOT_FOUND'))

  test('what was refused and had no body leaves the connection open', async () => {
    for (const line of ['GET /nope', 'DELETE /orders', 'GET /trpc']) {
      expect((await call(line)).headers.get('connection')).toBe('keep-alive')
    }
  })
})

const order = async () => ({ user_id: 'ada', product_id: (await newProduct()).id, quantity: 1 })

describe('the body', () => {
  test.for([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/merge-patch+json',
    'text/json',
    'application/json; charset=iso-8859-1',
    'nonsense',
  ])('of type %s is 415', async (type) => {
    const json = JSON.stringify(await order())
    expectProblem(await call('POST /orders', { json, headers: { 'content-type': type } }), 'UNSUPPORTED_MEDIA_TYPE')
    expectProblem(await call('POST /products', { json, headers: { 'content-type': type } }), 'UNSUPPORTED_MEDIA_TYPE')
  })

  test('without a type is 415', async () => {
    const body = Buffer.from(JSON.stringify(await order()))
    expectProblem(await call('POST /orders', { body }), 'UNSUPPORTED_MEDIA_TYPE')
  })

  test.for([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/json; v=1',
  ])('of type %s is taken', async (type) => {
    const answer = await call('POST /orders', { json: await order(), headers: { 'content-type': type } })
    expect(answer.status).toBe(201)
  })

  test('may be compressed', async () => {
    const body = gzipSync(JSON.stringify(await order()))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect((await call('POST /orders', { body, headers })).status).toBe(201)
  })

  test('that claims to be compressed and is not is 400', async () => {
    const headers = { 'content-encoding': 'gzip' }
    expectProblem(await call('POST /orders', { json: await order(), headers }), 'MALFORMED_REQUEST')
  })

  test('in an encoding that nobody knows is 415', async () => {
    const headers = { 'content-encoding': 'snappy' }
    expectProblem(await call('POST /orders', { json: await order(), headers }), 'UNSUPPORTED_MEDIA_TYPE')
  })

  test('of 1 MiB is taken, of one byte more is 413', async () => {
    const text = JSON.stringify(await order())
    expect((await call('POST /orders', { json: text.padEnd(MIB) })).status).toBe(201)
    expectProblem(await call('POST /orders', { json: text.padEnd(MIB + 1) }), 'BODY_TOO_LARGE')
  })

  test('that unpacks to more than 1 MiB is 413', async () => {
    const body = gzipSync(JSON.stringify(await order()).padEnd(8 * MIB))
    expect(body.length).toBeLessThan(MIB / 64)
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expectProblem(await call('POST /orders', { body, headers }), 'BODY_TOO_LARGE')
  })

  test.for([
    '{',
    '{"user_id":',
    "{'user_id':1}",
    '{"a":1}}',
    '{"a":1,}',
    '{a:1}',
    'undefined',
    'NaN',
    '"\u0001"',
    'user_id=ada',
  ])('%s is 422: not valid JSON', async (json) => {
    const answer = await call('POST /orders', { json })
    expectProblem(answer, 'MALFORMED_JSON', { errors: [{ loc: ['body'], msg: 'is not valid JSON' }] })
  })

  test.for([
    ['plain', { 'content-type': 'application/json' }],
    // Through Express.
    ['with a quoted charset', { 'content-type': 'application/json; charset="utf-8"' }],
  ] as const)('in another encoding than UTF-8 is 422, not another text: %s', async ([, headers]) => {
    const body = Buffer.from(JSON.stringify({ ...aProduct(), sku: 'KÄSE' }), 'latin1')
    const errors = [{ loc: ['body'], msg: 'is not valid JSON' }]
    expectProblem(await call('POST /products', { headers, body }), 'MALFORMED_JSON', { errors })
  })
})

/** Every change over REST that takes a key: where it is sent, and another body that must not pass for it. */
interface Keyed {
  readonly path: (ids: { readonly product: string; readonly order: string }) => string
  readonly body: object
  readonly other: object
  /** The step that the order is brought to first. */
  readonly paid?: true
}

describe('an Idempotency-Key', () => {
  test.for<[string, Keyed]>([
    ['cancelling', { path: ({ order }) => `/orders/${order}/cancel`, body: {}, other: { reason: 'late' } }],
    ['paying', { path: ({ order }) => `/orders/${order}/pay`, body: {}, other: { reason: 'cash' } }],
    ['fulfilling', { path: ({ order }) => `/orders/${order}/fulfil`, body: {}, other: { reason: 'sent' }, paid: true }],
    ['refunding', { path: ({ order }) => `/orders/${order}/refund`, body: {}, other: { restock: true }, paid: true }],
    [
      'adjusting',
      {
        path: ({ product }) => `/products/${product}/adjust`,
        body: { delta: 1, reason: 'found' },
        other: { delta: 2, reason: 'found' },
      },
    ],
  ])('makes %s happen once, and is refused for another body', async ([name, { path, body, other, paid }]) => {
    const { id: product } = await newProduct({ quantity: 10 })
    const { id: order } = await shared.test.caller.orders.create({ userId: 'ada', productId: product, quantity: 1 })
    if (paid) await shared.test.caller.orders.pay({ id: order })
    await expectOnce(path({ product, order }), { key: `${name}-0001`, body, other, product })
  })

  test('makes placing happen once, and is refused for another body', async () => {
    const { id: product } = await newProduct({ quantity: 10 })
    const body = { user_id: 'ada', product_id: product, quantity: 1 }
    await expectOnce('/orders', { key: `placing-${product}`, body, other: { ...body, quantity: 2 }, product })
  })
})

async function expectOnce(
  path: string,
  { key, body, other, product }: { key: string; body: object; other: object; product: string },
): Promise<void> {
  const post = (json: object) => call(`POST ${path}`, { json, headers: { 'idempotency-key': key } })
  const first = await post(body)
  expect(first.status).toBeOneOf([200, 201])
  expect(first.headers.has('idempotency-replayed')).toBe(false)
  const stock = await stockOf(product)
  const again = await post(body)
  expect([again.status, again.text]).toEqual([first.status, first.text])
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expectProblem(await post(other), 'IDEMPOTENCY_KEY_REUSED')
  expect(await stockOf(product)).toBe(stock)
}
