import { gzipSync } from 'node:zlib'
import { once } from 'node:events'
import { connect } from 'node:net'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Doors, Json } from './_http.ts'
import {
  expectAlive,
  expectNothingInside,
  expectProblem,
  expectRefusal,
  openDoors,
  rawRequest,
  send,
  sendRaw,
  statusOf,
} from './_http.ts'
import { aProduct } from './_shop.ts'

const MIB = 1024 * 1024

let doors: Doors
let productId: string
beforeAll(async () => {
  doors = await openDoors()
  productId = (await doors.test.caller.products.create(aProduct({ quantity: 1_000_000 }))).id
})
afterAll(() => doors[Symbol.asyncDispose]())

/** What must not have changed when everything was refused: there is no order that takes nothing from the stock. */
const contents = async () => (await doors.test.caller.products.list()).items

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The JSON text of a body in the names of REST: keys change, values and their spelling stay. */
const onWire = (json: string) => json.replace(/"(\w+)":/g, (_match, name: string) => `"${snake(name)}":`)

/** How a command of the shop is sent over each door, given the JSON text of its input. */
interface Command {
  readonly name: string
  readonly input: Json
  readonly rest?: (input: string) => Promise<Answer>
  readonly rpc: (input: string) => Promise<Answer>
}

const overRpc = (name: string) => (input: string) =>
  send(`${doors.url}/trpc/${name}`, { method: 'POST', json: `{"json":${input}}` })

const overRest = (line: `${'POST' | 'PUT'} /${string}`) => (input: string) => {
  const [method, path] = line.split(' ')
  return send(`${doors.url}${path}`, { method, json: onWire(input) })
}

const product = {
  sku: 'A',
  name: 'B',
  description: 'C',
  category: 'D',
  price: { amount: 1, currency: 'EUR' },
  quantity: 1,
}

const commands = (): Command[] => [
  {
    name: 'orders.create',
    input: { userId: 'ada', productId, quantity: 1 },
    rest: overRest('POST /orders'),
    rpc: overRpc('orders.create'),
  },
  {
    name: 'orders.create with lines',
    input: { userId: 'ada', lines: [{ productId, quantity: 1 }] },
    rest: overRest('POST /orders'),
    rpc: overRpc('orders.create'),
  },
  { name: 'products.create', input: product, rest: overRest('POST /products'), rpc: overRpc('products.create') },
  {
    name: 'products.setQuantity',
    input: { quantity: 1 },
    rest: overRest(`PUT /products/${productId}`),
    rpc: (input) => overRpc('products.setQuantity')(input.replace('{', `{"id":"${productId}",`)),
  },
  { name: 'products.upsertMany', input: { rows: [product], setQuantity: true }, rpc: overRpc('products.upsertMany') },
]

const both = ['rest', 'rpc'] as const

/** Every place in an input that a value stands at, as JSON texts of the input with a hole there. */
function holesOf(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return ['HOLE']
  const parts = Object.entries(input).flatMap(([key, value]) =>
    holesOf(value).map((text) => {
      if (Array.isArray(input)) return `[${text}]`
      const rest = Object.entries(input).filter(([name]) => name !== key)
      return `{${[`"${key}":${text}`, ...rest.map(([name, other]) => `"${name}":${JSON.stringify(other)}`)].join(',')}}`
    }),
  )
  return ['HOLE', ...parts]
}

const deepArray = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

/** None of these is a value of any field that we have. */
const hostileValues = [
  '{"$ne":null}',
  '{"$gt":""}',
  '{"$gt":0}',
  '{"$in":[1]}',
  '{"$where":"while(1){}"}',
  '{"$regex":".*"}',
  '[{"$ne":null}]',
  '[null]',
  '1e400',
  '-1e400',
  '-1',
  '1.5',
  '9007199254740992',
  '123456789012345678901234567890',
  'null',
  `"${'x'.repeat(20_000)}"`,
  '"\\u0000"',
  '"\\ud800"',
  deepArray(10_000),
  deepObject(10_000),
]

describe.for(both)('over %s', (door) => {
  test.for([0, 1, 2, 3, 4])(
    'no hostile value is taken in any field, nor changes anything (command %i)',
    async (index) => {
      const { rest, rpc, input } = commands()[index]!
      const over = door === 'rest' ? rest : rpc
      if (!over) return
      const before = await contents()
      const texts = holesOf(input).flatMap((hole) => hostileValues.map((value) => hole.replace('HOLE', value)))
      for (const text of texts) expectRefusal(await over(text))
      expect(await contents()).toEqual(before)
      await expectAlive(doors, productId)
    },
  )

  test.for(['constructor', 'prototype', 'toString', 'hasOwnProperty', '$set', 'a.b', '', '_id', 'length'])(
    'an undeclared key %j is refused, on every level',
    async (key) => {
      const before = await contents()
      const extra = `${JSON.stringify(key)}:{"polluted":true},`
      for (const { rest, rpc, input } of commands()) {
        const over = door === 'rest' ? rest : rpc
        const text = JSON.stringify(input)
        const opened = [...text.matchAll(/\{/g)].map(({ index }) => index + 1)
        for (const at of over ? opened : []) {
          const answer = await over!(text.slice(0, at) + extra + text.slice(at))
          expectRefusal(answer)
          expect(answer.text).toContain('is not a field of this request')
        }
      }
      expect(await contents()).toEqual(before)
    },
  )
})

describe('prototypes', () => {
  test.for(['rest', 'rpc'] as const)('a __proto__ key is refused over %s, on every level', async (door) => {
    for (const { [door]: over, input } of commands()) {
      const text = JSON.stringify(input)
      for (const { index } of over ? text.matchAll(/\{/g) : []) {
        const answer = await over!(`${text.slice(0, index + 1)}"__proto__":{"polluted":true},${text.slice(index + 1)}`)
        expectRefusal(answer)
        const issues = [{ loc: expect.arrayContaining(['__proto__']), msg: 'is not a field of this request' }]
        expect(answer.body).toMatchObject(
          door === 'rest'
            ? { code: 'VALIDATION', errors: issues }
            : { error: { json: { data: { shop: { code: 'VALIDATION', details: { issues } } } } } },
        )
      }
    }
  })

  test('a __proto__ key gives no field to a call over RPC, and fails no neighbour', async () => {
    const inherited = `{"__proto__":{"userId":"eve","productId":"${productId}","quantity":1}}`
    expectRefusal(await overRpc('orders.create')(inherited))
    const own = `{"userId":"ada","productId":"${productId}","quantity":1}`
    const json = `{"0":{"json":${inherited}},"1":{"json":${own}}}`
    const { body } = await send(`${doors.url}/trpc/orders.create,orders.create?batch=1`, { method: 'POST', json })
    expect(body).toMatchObject([
      { error: { json: { data: { shop: { code: 'VALIDATION' } } } } },
      { result: { data: { json: { userId: 'ada', lines: [{ quantity: 1 }] } } } },
    ])
  })

  test.for([
    '{"values":{"__proto__.polluted":["Date"]}}',
    '{"values":{"constructor.prototype.polluted":["Date"]}}',
    '{"values":{"userId":[["class","Object"]]}}',
    '{"values":{"userId":[["custom","x"]]}}',
    '{"values":{"userId":[["symbol","x"]]}}',
    '{"values":{"userId":["nonsense"]}}',
    '{"values":{"userId":["regexp"]}}',
    '{"values":{"userId":["bigint"]}}',
    '{"values":{"userId":["set"]}}',
    '{"values":{"userId":["map"]}}',
    '{"values":{"userId":["Date"]}}',
    '{"values":{"userId":["Error"]}}',
    '{"values":{"userId":["undefined"]}}',
    '{"values":{"quantity":["number"]}}',
    '{"values":"x"}',
    '{"values":["set"]}',
    '{"values":{"a.b.c.d":["Date"]}}',
    '{"referentialEqualities":{"userId":["__proto__.polluted"]}}',
    '{"referentialEqualities":{"userId":["quantity","lines"]}}',
    '{"referentialEqualities":["__proto__"]}',
    '[]',
    '5',
  ])('the transformer cannot be talked into anything by meta %s', async (meta) => {
    const json = `{"json":{"userId":"(","productId":"nope","quantity":"NaN"},"meta":${meta}}`
    expectRefusal(await send(`${doors.url}/trpc/orders.create`, { method: 'POST', json }))
    const query = encodeURIComponent(`{"json":{"cursor":"(","limit":"x"},"meta":${meta}}`)
    expectRefusal(await send(`${doors.url}/trpc/orders.list?input=${query}`))
  })

  afterAll(async () => {
    expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => name.includes('polluted'))).toEqual([])
    expect('polluted' in {}).toBe(false)
    await expectAlive(doors, productId)
  })
})

describe('JSON that two readers may read differently', () => {
  test('of a key given twice the last one counts, and is checked', async () => {
    const text = `{"userId":"ada","productId":"${productId}","quantity":5,"quantity":LAST}`
    for (const { rest, rpc } of commands().slice(0, 1)) {
      for (const over of [rest!, rpc]) {
        expectRefusal(await over(text.replace('LAST', '{"$gt":0}')))
        expect((await over(text.replace('LAST', '1'))).text).toMatch(/"quantity":1\b/)
      }
    }
  })

  test('a minus before 0 sets the stock to 0, and nobody sees it again', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    const { body } = await send(`${doors.url}/products/${id}`, { method: 'PUT', json: '{"quantity":-0}' })
    expect(body).toMatchObject({ product: { quantity: 0 } })
    const free = '"name":"Free","price":{"amount":-0,"currency":"EUR"},"quantity":-0'
    const created = await overRpc('products.create')(`{"sku":"FREE",${free}}`)
    expect(created.text).toMatch(/"amount":0,.*"quantity":0,/)
    const { status } = await send(`${doors.url}/orders`, {
      method: 'POST',
      json: { user_id: 'ada', product_id: id, quantity: 1 },
    })
    expect(status).toBe(400)
  })

  test.for(['/orders', '/products', '/trpc/orders.create', '/trpc/products.upsertMany'])(
    '%s bears JSON as deep as its body may be long',
    async (path) => {
      for (const json of [
        deepArray(400_000),
        deepObject(150_000),
        `{"json":${deepArray(400_000)}}`,
        '['.repeat(MIB - 1),
      ])
        expectRefusal(await send(`${doors.url}${path}`, { method: 'POST', json }))
      await expectAlive(doors, productId)
    },
  )
})

describe('bodies that are too large', () => {
  test.for<[string, number]>([
    ['/orders', MIB],
    ['/products', MIB],
    ['/trpc/orders.create', MIB],
    ['/trpc/products.create', MIB],
    ['/trpc/products.upsertMany', 8 * MIB],
  ])('%s refuses more than %i bytes with 413', async ([path, limit]) => {
    const answer = await send(`${doors.url}${path}`, { method: 'POST', json: '{}'.padEnd(limit + 1) })
    expect(answer.status).toBe(413)
    expectRefusal(answer)
    await expectAlive(doors, productId)
  })
})

describe('RPC takes POST as application/json only', () => {
  const types = [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'text/plain',
    'text/plain; application/json',
    'application/jsonp',
    'application/json-seq',
  ]

  test.for(types)('%s is 415, and nothing is executed', async (type) => {
    const before = await contents()
    const url = `${doors.url}/trpc/orders.create`
    const json = JSON.stringify({ json: { userId: 'eve', productId, quantity: 1 } })
    const form = `--x\r\ncontent-disposition: form-data; name="userId"\r\n\r\neve\r\n--x--\r\n`
    for (const body of [json, form, `input=${encodeURIComponent(json)}`, '']) {
      for (const at of [
        url,
        `${url}?batch=1`,
        `${url}?input=${encodeURIComponent(json)}`,
        `${url},orders.create?batch=1`,
      ]) {
        const answer = await send(at, { method: 'POST', body, headers: { 'content-type': type } })
        expect(answer.status).toBe(415)
        expectRefusal(answer)
      }
    }
    expect(await contents()).toEqual(before)
  })

  test('a compressed body is 415: nobody would unpack it', async () => {
    const body = gzipSync(JSON.stringify({ json: { userId: 'eve', productId, quantity: 1 } }))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await send(`${doors.url}/trpc/orders.create`, { method: 'POST', body, headers })
    expect(answer.status).toBe(415)
    expectRefusal(answer)
  })

  test('no type at all is 415, with a body and without one', async () => {
    const body = Buffer.from(JSON.stringify({ json: { userId: 'eve', productId, quantity: 1 } }))
    for (const init of [{ body }, {}]) {
      const answer = await send(`${doors.url}/trpc/orders.create`, { method: 'POST', ...init })
      expect(answer.status).toBe(415)
      expectRefusal(answer)
    }
  })
})

describe('RPC methods', () => {
  test.for(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s of a mutation is 405 and executes nothing',
    async (method) => {
      const before = await contents()
      const json = JSON.stringify({ json: { userId: 'eve', productId, quantity: 1 } })
      const url = `${doors.url}/trpc/orders.create?input=${encodeURIComponent(json)}`
      const answer = await send(url, {
        method,
        ...(method === 'GET' ? {} : { json }),
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toBe('POST')
      expectRefusal(answer)
      expect(await contents()).toEqual(before)
    },
  )

  test('POST of a query is 405', async () => {
    const answer = await send(`${doors.url}/trpc/products.list`, { method: 'POST', json: {} })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET')
    expectRefusal(answer)
  })

  test('a host that is none is refused in the form of RPC, before any call is seen', async () => {
    const raw = await sendRaw(doors.url, rawRequest('GET /trpc/products.list', { host: 'local host' }))
    expect(statusOf(raw)).toBe(400)
    expect(raw).toMatch(/^content-type: application\/json\r$/im)
    expect(raw).toContain('"code":"MALFORMED_REQUEST"')
    expectNothingInside(raw)
  })

  test('TRACE, which fetch does not know, is refused on every door', async () => {
    for (const path of ['/trpc/products.list', '/trpc/orders.create', '/products', '/nope', '/']) {
      const raw = await sendRaw(doors.url, rawRequest(`TRACE ${path}`))
      expect(statusOf(raw)).toBeGreaterThanOrEqual(400)
      expect(statusOf(raw)).toBeLessThan(500)
      expectNothingInside(raw)
    }
    expect(doors.faults).toEqual([])
  })
})

const times = (count: number) => Array.from({ length: count }, () => 'orders.create')

const batch = (paths: string[], inputs: unknown) =>
  send(`${doors.url}/trpc/${paths.join(',')}?batch=1`, { method: 'POST', json: inputs })

const order = () => ({ json: { userId: 'ada', productId, quantity: 1 } })

describe('RPC batches', () => {
  test('ten calls are served, eleven are refused and none of them is executed', async () => {
    const before = await contents()
    const inputs = (count: number) => Object.fromEntries(times(count).map((_, index) => [index, order()]))
    const refused = await batch(times(11), inputs(11))
    expect(refused.status).toBe(400)
    expectRefusal(refused)
    expect(await contents()).toEqual(before)
    const served = await batch(times(10), inputs(10))
    expect(served.status).toBe(200)
    expect(served.body).toHaveLength(10)
  })

  test('a gap fails its own call alone', async () => {
    const answer = await batch(times(3), { 0: order(), 2: order() })
    expect(answer.status).toBe(207)
    expect(answer.body).toMatchObject([
      { result: { data: { json: { userId: 'ada' } } } },
      { error: { json: { data: { httpStatus: 400, shop: { code: 'VALIDATION' } } } } },
      { result: { data: { json: { userId: 'ada' } } } },
    ])
  })

  test('each call has its own outcome', async () => {
    const paths = ['orders.create', 'orders.create', 'products.setQuantity', 'orders.nope', 'products.create']
    const short = { json: { userId: 'ada', productId, quantity: 1_000_000 } }
    const answer = await batch(paths, {
      0: order(),
      1: short,
      2: { json: { id: 'x', quantity: 1 } },
      3: {},
      4: { json: {} },
    })
    expect(answer.status).toBe(207)
    const outcomes = answer.body as unknown as { error?: { json: { data: { shop: Json } } } }[]
    expect(outcomes.map(({ error }) => error?.json.data.shop.code)).toEqual([
      undefined,
      'OUT_OF_STOCK',
      'PRODUCT_NOT_FOUND',
      'ROUTE_NOT_FOUND',
      'VALIDATION',
    ])
    expectNothingInside(answer.text)
  })

  test.for<unknown>([[], 'text', 5, null, { '-1': {} }, { length: 3 }, { __proto__: { 0: {} } }])(
    'inputs of %j are refused',
    async (inputs) => expectRefusal(await batch(times(2), inputs)),
  )

  test('queries and mutations do not share one', async () => {
    expectRefusal(await batch(['products.list', 'orders.create'], { 1: order() }))
    const url = `${doors.url}/trpc/products.list,orders.create?batch=1&input=${encodeURIComponent(JSON.stringify({ 1: order() }))}`
    expectRefusal(await send(url))
  })
})

describe('RPC paths and inputs', () => {
  test.for([
    '__proto__',
    'constructor',
    'products',
    'products.__proto__',
    'products.toString',
    'products.list.x',
    'orders..create',
    '',
    '%ZZ',
    '%00',
    '/',
  ])('/trpc/%s is refused', async (path) => {
    expectRefusal(await send(`${doors.url}/trpc/${path}`))
    expectRefusal(await send(`${doors.url}/trpc/${path}`, { method: 'POST', json: {} }))
  })

  test.for([
    '{',
    '%ZZ',
    'undefined',
    '{"json":',
    '"',
    '%00',
    '{"json":{"limit":{"$gt":1}}}',
    '{"json":{"cursor":{"$ne":1}}}',
  ])('input %s is refused', async (input) => {
    for (const procedure of ['orders.list', 'products.list', 'orders.byId', 'products.byId'])
      expectRefusal(await send(`${doors.url}/trpc/${procedure}?input=${encodeURIComponent(input)}`))
  })

  test.for(['', '{', '"', 'null', '5', '[]', '{}', '{"json":null}', '{"json":[]}', '{"json":5}', 'nonsense'])(
    'the body %j is refused',
    async (json) => {
      for (const { rpc: _, name } of commands())
        expectRefusal(await send(`${doors.url}/trpc/${name.split(' ')[0]}`, { method: 'POST', json }))
    },
  )
})

test.for<[string, object]>([
  ['lines that are none', { user_id: 'ada', lines: Array.from({ length: 2000 }, () => ({ a: 1 })) }],
  ['quantities that are none', { user_id: 'ada', lines: Array.from({ length: 2000 }, () => ({ product_id: 'x' })) }],
])('of many faults the first hundred are named: %s', async ([, json]) => {
  const answer = await send<{ errors: unknown[] }>(`${doors.url}/orders`, { method: 'POST', json })
  expect([answer.status, answer.body.errors.length]).toEqual([422, 100])
})

describe('on the socket', () => {
  const json = { 'content-type': 'application/json' }
  const paths = ['/orders', '/trpc/orders.create']

  test.for<[string, string, number]>([
    ['two lengths', rawRequest('POST /orders', { ...json, 'content-length': '2', 'Content-Length': '3' }, '{}'), 400],
    [
      'a length and chunks',
      rawRequest('POST /orders', { ...json, 'content-length': '2', 'transfer-encoding': 'chunked' }, '0\r\n\r\n'),
      400,
    ],
    ['a negative length', rawRequest('POST /orders', { ...json, 'content-length': '-1' }), 400],
    [
      'chunks that are none',
      rawRequest('POST /trpc/orders.create', { ...json, 'transfer-encoding': 'chunked' }, 'zz\r\n\r\n'),
      400,
    ],
    [
      'a body that is announced too large, of which nothing comes',
      rawRequest('POST /orders', { ...json, 'content-length': '5000000' }),
      413,
    ],
    ['64 KiB of headers', rawRequest('GET /products', { 'x-filler': 'x'.repeat(64 * 1024) }), 431],
    [
      '2,000 headers',
      rawRequest('GET /products', Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-${index}`, 'y']))),
      431,
    ],
    ['no host', 'GET /products HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['bytes that are no HTTP', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0003', 400],
    ['a path that is not ASCII', rawRequest('GET /products/\u00e9'), 400],
    ['an expectation nobody knows', rawRequest('POST /orders', { expect: 'a miracle' }), 417],
    ['a host that is none', rawRequest('GET /trpc/products.list', { host: '[' }), 400],
    ['an origin that is none', rawRequest('GET http://[/nope'), 404],
    ['an origin with a port that is none', rawRequest('GET http://x:99999/nope'), 404],
    ['only an origin', rawRequest('DELETE http://localhost'), 404],
    ['a scheme of its own', rawRequest('GET file:///etc/passwd'), 404],
    ['no path', rawRequest('OPTIONS *'), 404],
    ['a way out of a door', rawRequest('GET /trpc/../products'), 404],
    ['two slashes and a bracket', rawRequest('GET //[/products'), 404],
  ])('%s', async ([, bytes, status]) => {
    const raw = await sendRaw(doors.url, bytes)
    expect(statusOf(raw)).toBe(status)
    expectNothingInside(raw)
    await expectAlive(doors, productId)
  })

  test.for(['http://localhost', 'http://[', 'http://x:99999', 'HTTPS://example.org'])(
    'a URL with the origin %s is served by its path',
    async (origin) => {
      expect(statusOf(await sendRaw(doors.url, rawRequest(`GET ${origin}/products?limit=1`)))).toBe(200)
      expect(statusOf(await sendRaw(doors.url, rawRequest(`GET ${origin}/trpc/orders.list`)))).toBe(200)
    },
  )

  test.for(paths)('a client that leaves in the middle of a body to %s takes nothing', async (path) => {
    const before = await doors.test.caller.products.byId({ id: productId })
    for (const headers of [{ 'content-length': '500' }, { 'transfer-encoding': 'chunked' }] as Record<
      string,
      string
    >[]) {
      const socket = connect(Number(new URL(doors.url).port), '127.0.0.1')
      const body = headers['content-length'] ? '{"user' : '6\r\n{"user\r\n'
      // The server says "continue" once it has taken the request up: from there on it is in flight.
      socket.write(rawRequest(`POST ${path}`, { ...json, ...headers, expect: '100-continue' }))
      await once(socket, 'data')
      socket.write(body)
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
    await expectAlive(doors, productId)
    const after = await doors.test.caller.products.byId({ id: productId })
    expect(after.quantity).toBe(before.quantity - 2)
  })

  test.for(paths)('what is left of a body refused by %s is not read as the next request', async (path) => {
    const smuggled = rawRequest('GET /livez')
    const bytes = rawRequest(
      `POST ${path}`,
      { 'content-type': 'text/plain', connection: 'keep-alive', 'content-length': String(smuggled.length) },
      smuggled,
    )
    const raw = await sendRaw(doors.url, [bytes, rawRequest('GET /nope')])
    expect(statusOf(raw)).toBe(415)
    expect(raw).not.toContain('"status":"ok"')
  })
})

describe('whatever JSON comes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('', '__proto__', '$ne', '\ud800', 'EUR'),
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    text,
    fc.integer(),
    fc.double(),
    fc.constantFrom({ $ne: null }, [], -0, 2 ** 53, 1e21),
  )
  /** A valid input of which some fields are something else, gone, or new. */
  const near = (input: Json) =>
    fc
      .tuple(
        fc.record(
          Object.fromEntries(Object.entries(input).map(([key, good]) => [key, fc.oneof(fc.constant(good), value)])),
          { requiredKeys: [] },
        ),
        fc.dictionary(text, value, { maxKeys: 1 }),
      )
      .map(([fields, extra]) => ({ ...fields, ...extra }))

  test.for(both.flatMap((door) => [0, 1, 2, 3, 4].map((index) => [door, index] as const)))(
    'over %s command %i never fails for a reason of ours',
    async ([door, index]) => {
      const { rest, rpc, input } = commands()[index]!
      const over = door === 'rest' ? rest : rpc
      if (!over) return
      const anything = fc.oneof({ weight: 3, arbitrary: near(input) }, { weight: 1, arbitrary: fc.jsonValue() })
      await fc.assert(
        fc.asyncProperty(anything, async (each) => {
          const answer = await over(JSON.stringify(each))
          expect(answer.status).toBeLessThan(500)
          if (answer.status >= 400) expectRefusal(answer)
        }),
        { numRuns: 200 },
      )
    },
  )

  test('over RPC the envelope may be anything too', async () => {
    const envelope = fc.oneof(
      fc.jsonValue(),
      fc.record({ json: value, meta: fc.record({ values: value, referentialEqualities: value }) }),
    )
    await fc.assert(
      fc.asyncProperty(envelope, async (each) => {
        expectRefusal(await send(`${doors.url}/trpc/orders.create`, { method: 'POST', json: each }))
        expectRefusal(
          await send(`${doors.url}/trpc/orders.create,orders.create?batch=1`, { method: 'POST', json: each }),
        )
      }),
      { numRuns: 200 },
    )
  })

  afterAll(async () => {
    await doors.test.caller.products.setQuantity({ id: productId, quantity: 10 })
    await expectAlive(doors, productId)
  })
})

test('a path of 10,000 characters is a 404 like another', async () => {
  const answer = await send(`${doors.url}/products/${'x'.repeat(10_000)}`)
  expectProblem(answer, 'PRODUCT_NOT_FOUND', { details: answer.body.details })
})
