import { once } from 'node:events'
import type { ClientRequest, RequestListener } from 'node:http'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Shop } from '@stockroom/server'
import { ShopError } from '@stockroom/server'
import { lazy, tracked } from '@trpc/server'
import type { TRPCError } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { serialize } from 'superjson'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { RpcOptions } from '../src/http/rpc-options.ts'
import { leanHandler } from '../src/http/rpc-lean.ts'
import { rpcOptions } from '../src/http/rpc.ts'
import { procedure, router } from '../src/trpc.ts'
import type { Received, Sent, TestServer } from './_wire.ts'
import { listen } from './_wire.ts'

/** The signals that procedures were given. */
const signals: AbortSignal[] = []

const procedures = {
  nothing: procedure.mutation(({ signal }) => void signals.push(signal!)),
  echo: procedure.input(z.unknown()).mutation(({ input }) => input),
  strict: procedure
    .input(z.strictObject({ quantity: z.int(), at: z.date().optional() }))
    .mutation(({ input }) => input),
  replayed: procedure.input(z.unknown()).mutation(({ ctx }) => {
    if (ctx.call) ctx.call.replayed = true
    return 'as before'
  }),
  busy: procedure.mutation(() => {
    throw new ShopError('BUSY', {})
  }),
  waits: procedure.mutation(async ({ signal }) => {
    signals.push(signal!)
    await once(signal!, 'abort')
  }),
  ask: procedure.input(z.unknown()).query(({ input }) => ({ asked: input })),
  byId: procedure.input(z.strictObject({ id: z.string() })).query(({ input }) => input.id),
  short: procedure.query(() => {
    throw new ShopError('OUT_OF_STOCK', { products: [{ productId: 'p', sku: 'S', requested: 2, available: 1 }] })
  }),
  crash: procedure.query(() => {
    throw new Error('mongodb://root:secret@db')
  }),
  wrong: procedure.output(z.object({ id: z.string() })).query(() => ({ id: 7 }) as unknown as { id: string }),
  all: procedure.query(() => ({
    at: new Date(0),
    none: undefined,
    many: new Map([['a', new Set([1n])]]),
    odd: [Number.NaN, -0, Infinity],
    text: 'Zażółć 🦊 \u2028',
  })),
  nil: procedure.query(() => null),
  nothingAsked: procedure.query(() => {}),
  circle: procedure.query(() => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    return circle
  }),
  poison: procedure.query(() => JSON.parse('{"constructor":1}') as object),
  stream: procedure.query(async function* () {
    yield 1
  }),
  promise: procedure.query(() => ({ later: Promise.resolve(1) })),
  ticks: procedure
    .input(z.object({ to: z.int(), lastEventId: z.string().optional() }))
    .subscription(async ({ input: { to, lastEventId } }) => {
      if (to > 9) throw new ShopError('BUSY', {})
      return ticks(Number(lastEventId ?? 0), to)
    }),
  later: lazy(() => Promise.resolve({ router: router({ ask: procedure.query(() => 'late') }) })),
}

async function* ticks(from: number, to: number) {
  for (let tick = from + 1; tick <= to; tick++) yield tracked(String(tick), { tick, at: new Date(tick) })
}

interface Door extends AsyncDisposable {
  readonly send: (sent: Sent) => Promise<Received & { errors: string[] }>
  readonly server: TestServer
}

const MAX_BODY = 2000

async function open(handlerOf: (options: RpcOptions) => RequestListener): Promise<Door> {
  const errors: string[] = []
  const options = {
    ...rpcOptions({ shop: {} as Shop, onError: () => {} }),
    router: router(procedures),
    maxBodySize: MAX_BODY,
    headOf: () => [],
    onError: ({ error }: { error: TRPCError }) => void errors.push(`${error.code}: ${error.message}`),
  }
  const handle = handlerOf(options)
  const server = await listen((request, response) => {
    response.setHeader('content-type', 'application/json')
    handle(request, response)
  })
  return {
    server,
    send: async (sent) => ({ ...(await server.send(sent)), errors: errors.splice(0).toSorted() }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

let lean: Door
let official: Door
beforeAll(async () => {
  lean = await open((options) => leanHandler(options, createHTTPHandler(options)))
  official = await open((options) => createHTTPHandler(options))
})
afterAll(async () => {
  await lean[Symbol.asyncDispose]()
  await official[Symbol.asyncDispose]()
})

const JSON_TYPE = ['content-type', 'application/json']
const post = (path: string, body: unknown, headers: readonly string[] = JSON_TYPE): Sent => ({
  method: 'POST',
  path: `/trpc/${path}`,
  headers,
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
})
const get = (path: string, headers?: readonly string[]): Sent => ({ path: `/trpc/${path}`, headers })
const input = (value: unknown): string => encodeURIComponent(JSON.stringify(value))
const json = (value: unknown) => ({ json: value })
const elevenTimes = (path: string): string => Array.from({ length: 11 }, () => path).join(',')

/** Requests that the lean way takes. */
const plain: Record<string, Sent> = {
  'a mutation': post('strict', json({ quantity: 1 })),
  'a mutation without input, whatever is sent': post('nothing', '{'),
  'a query': get(`ask?input=${input(json({ a: 1 }))}`),
  'a query without input': get('ask'),
  'a query with an empty input': get('ask?input='),
  'a query with input null': get('ask?input=null'),
  'a query with a string for input': get('ask?input=%22text%22'),
  'a query with malformed input': get('ask?input=%7B'),
  'a query with bad percent-encoding in its input': get('ask?input=%zz'),
  'a query with plus signs for spaces': get('ask?input=%7B%22json%22:+%22a+b%22%7D'),
  'a query with unescaped braces and apostrophes': get("ask?input={}&unknown={'<>'}"),
  'a query whose input is given twice': get(`ask?input=${input(json(1))}&input=${input(json(2))}`),
  'a query with parameters that nobody knows': get(`ask?trace=1&input=${input(json(1))}&`),
  'a query that labels the body that it has not': get('ask', JSON_TYPE),
  'input of the wrong type': post('strict', json({ quantity: '1' })),
  'input with a key too many': post('strict', json({ quantity: 1, more: 1 })),
  'input missing in the envelope': post('strict', {}),
  'input null': post('strict', json(null)),
  'an envelope that is null': post('strict', 'null'),
  'an envelope that is a number': post('strict', '1'),
  'an envelope that is an array': post('strict', '[]'),
  'an envelope that is text': post('echo', '"text"'),
  'malformed JSON': post('strict', '{"json":'),
  'JSON with a byte order mark': post('echo', `\uFEFF${JSON.stringify(json('a'))}`),
  'bytes that are not UTF-8': post('echo', Buffer.from([0x22, 0xc3, 0x28, 0xff, 0xe2, 0x82, 0x22])),
  'ill-formed UTF-8 in the input': post(
    'echo',
    Buffer.concat([
      Buffer.from('{"json":"'),
      Buffer.from([0xf0, 0x9f, 0x98, 0x41, 0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
  ),
  'white space alone': post('echo', ' \n'),
  'text of every kind': post('echo', json('Zażółć 🦊 \u2028 \ud800 \u0000')),
  'dates and undefined': post('echo', serialize({ at: new Date(0), none: undefined, n: -0, big: 1n })),
  'a date where the schema wants one': post('strict', serialize({ quantity: 1, at: new Date(0) })),
  'a text where the schema wants a date': post('strict', json({ quantity: 1, at: '2020-01-01' })),
  'meta that names no value': post('echo', { json: {}, meta: { values: { 'a.b': ['Date'] } } }),
  'meta of an unknown type': post('echo', { json: { a: 1 }, meta: { values: { a: ['class'] } } }),
  'meta that is not an object': post('echo', { json: { a: 1 }, meta: 7 }),
  'meta that reaches for the prototype': post('echo', {
    json: {},
    meta: { values: { '__proto__.polluted': ['Date'], 'constructor.prototype.polluted': ['Date'] } },
  }),
  'equalities that reach for the prototype': post('echo', {
    json: { a: { polluted: true } },
    meta: { referentialEqualities: { a: ['__proto__.b', 'constructor.prototype'] } },
  }),
  '__proto__ in the input': post('echo', '{"json":{"__proto__":{"polluted":true},"a":1}}'),
  '__proto__ in strict input': post('strict', '{"json":{"__proto__":{"polluted":true},"quantity":1}}'),
  'constructor in the input': post('echo', '{"json":{"constructor":{"prototype":{"polluted":true}}}}'),
  '__proto__ beside the input': post('echo', '{"__proto__":{"json":1}}'),
  'keys given twice': post('strict', '{"json":{"quantity":1,"quantity":2},"json":{"quantity":3}}'),
  'numbers that JSON cannot hold': post('echo', '{"json":[1e400,-0,9007199254740993]}'),
  'deep nesting': post('echo', `{"json":${'['.repeat(900)}${']'.repeat(900)}}`),
  'a body as large as allowed': post('echo', JSON.stringify(json('x'.repeat(MAX_BODY - 11)))),
  'a charset': post('strict', json({ quantity: 1 }), ['content-type', 'application/json; charset=utf-8']),
  'a content type in capitals': post('strict', json({ quantity: 1 }), [
    'Content-Type',
    'APPLICATION/JSON;charset=UTF-8',
  ]),
  'a query that says it has no body': { ...get('ask'), body: '' },
  'an accept header of a browser': get('ask', ['accept', 'text/html, application/json;q=0.9, */*']),
  'a body announced with Expect': post('strict', json({ quantity: 1 }), [...JSON_TYPE, 'expect', '100-continue']),
  'an address in IPv6 for host': get('ask', ['host', '[::1]:3000']),
  'an error of the shop': get('short'),
  'an error of the shop that asks for patience': post('busy', {}),
  'an error that is ours': get('crash'),
  'an output against its schema': get('wrong'),
  'outputs of every kind': get('all'),
  'an output of null': get('nil'),
  'an output of undefined': get('nothingAsked'),
  'an output in a circle': get('circle'),
  'an output that cannot be told': get('poison'),
  'an output that is a stream': get('stream'),
  'an output that holds a promise': get('promise'),
  'a replayed answer': post('replayed', {}),
  'a batch of mutations': post('strict,echo?batch=1', { 0: json({ quantity: 1 }), 1: json('b') }),
  'a batch of one': post('strict?batch=1', { 0: json({ quantity: 1 }) }),
  'a batch of queries': get(`ask,byId?batch=1&input=${input({ 0: json(1), 1: json({ id: 'a' }) })}`),
  'a batch of queries without input': get('ask,nil?batch=1'),
  'a batch of ten': get(`${Array.from({ length: 10 }, () => 'nil').join(',')}?batch=1`),
  'a batch with gaps': post('echo,strict,echo?batch=1', { 2: json(1) }),
  'a batch with null in a place': post('echo,echo?batch=1', { 0: null, 1: json(1) }),
  'a batch with inputs beyond its calls': post('echo?batch=1', { 0: json(1), 1: json(2), a: json(3) }),
  'a batch with mixed outcomes': post('strict,strict?batch=1', { 0: json({ quantity: 1 }), 1: json({}) }),
  'a batch with errors of several kinds': get('short,crash,ask,wrong?batch=1'),
  'a batch of errors of one kind': get('short,short?batch=1'),
  'a batch that asks for patience': post('busy,nothing?batch=1', {}),
  'a batch with a replayed answer': post('replayed,replayed?batch=1', { 0: json(1), 1: json(2) }),
  'a batch whose inputs are an array': post('echo,echo?batch=1', [json(1), json(2)]),
  'a batch whose inputs are null': post('echo,echo?batch=1', 'null'),
  'a batch whose inputs are text': post('echo,echo?batch=1', '"text"'),
  'a batch of malformed JSON': post('echo,nothing,echo?batch=1', '{'),
  'a batch with a stream in it': get('stream,nil,promise?batch=1'),
  'a batch with an output that cannot be told': get('poison,nil?batch=1'),
  'a batch named twice': post('echo?batch=1&batch=0', { 0: json(1) }),
  'batch=0': post('echo?batch=0', json(1)),
  'batch=true': post('echo?batch=true', json(1)),
  'an encoded batch=1': post('echo?batch=%31', { 0: json(1) }),
}

/** Requests that it leaves to tRPC. */
const unusual: Record<string, Sent> = {
  'an unknown procedure': post('none', {}),
  'an unknown query': get('none'),
  'a name of every object': get('toString'),
  'the prototype for a name': get('__proto__'),
  'no name at all': get(''),
  'no name at all, posted': post('', {}),
  'a batch of unknown procedures': post('none,neither?batch=1', {}),
  'a batch with one unknown procedure': post('none,echo?batch=1', { 1: json(1) }),
  'a batch that ends in a comma': post('echo,?batch=1', { 0: json(1) }),
  'a batch of eleven': get(`${elevenTimes('nil')}?batch=1`),
  'a batch of eleven mutations': post(`${elevenTimes('echo')}?batch=1`, {}),
  'queries and mutations in one batch': post('echo,ask?batch=1', { 0: json(1), 1: json(1) }),
  'several names without batch': post('echo,echo', json(1)),
  'a mutation by GET': get('echo'),
  'a mutation by PUT': { ...post('echo', json(1)), method: 'PUT' },
  'a query by POST': post('ask', json(1)),
  'a query by DELETE': { ...get('ask'), method: 'DELETE' },
  'a query by HEAD': { ...get('ask'), method: 'HEAD' },
  'a question for options': { ...get('ask'), method: 'OPTIONS' },
  'an encoded name': post('%65cho', json(1)),
  'an encoded comma': post('echo%2Cecho?batch=1', { 0: json(1) }),
  'bad percent-encoding': post('%zz', json(1)),
  'a slash at the end': post('echo/', json(1)),
  'a path with dots': post('./echo', json(1)),
  'a path that leads out': post('../echo', json(1)),
  'a fragment': get('ask#?input=1'),
  'a query with unescaped quotes': get('ask?input={"json":"a"}'),
  'an empty body': post('echo', ''),
  'no body': { method: 'POST', path: '/trpc/echo', headers: JSON_TYPE },
  'a body too large': post('echo', json('x'.repeat(MAX_BODY))),
  'a batch too large': post('echo,nothing?batch=1', { 0: json('x'.repeat(MAX_BODY)) }),
  'a body in pieces': { ...post('strict', json({ quantity: 1 })), chunked: true },
  'a body in pieces, too large': { ...post('echo', json('x'.repeat(MAX_BODY))), chunked: true },
  'a compressed body': post('echo', gzipSync('{"json":1}'), [...JSON_TYPE, 'content-encoding', 'gzip']),
  'a body that says it is not compressed': post('echo', json(1), [...JSON_TYPE, 'content-encoding', 'identity']),
  'another charset': post('strict', json({ quantity: 1 }), ['content-type', 'application/json; charset=latin1']),
  'a quoted charset': post('strict', json({ quantity: 1 }), ['content-type', 'application/json; charset="utf-8"']),
  'no content type': post('echo', json(1), []),
  'text for a content type': post('echo', json(1), ['content-type', 'text/plain']),
  'JSON of another kind': post('echo', json(1), ['content-type', 'application/problem+json']),
  'a form': post('nothing', 'a=1', ['content-type', 'application/x-www-form-urlencoded']),
  'a query with a body': { ...get('ask', JSON_TYPE), body: '{"json":1}' },
  'answers line by line': post('echo?batch=1', { 0: json(1) }, [...JSON_TYPE, 'trpc-accept', 'application/jsonl']),
  'lines asked for by accept': get('ask,nil?batch=1', ['accept', 'application/jsonl']),
  'lines without a batch': post('echo', json(1), [...JSON_TYPE, 'trpc-accept', 'application/jsonl']),
  'connection parameters': get('ask?connectionParams=null'),
  'connection parameters that are none': get('ask?connectionParams=7'),
  'a subscription in a batch': get(`ticks?batch=1&input=${input({ 0: json({ to: 2 }) })}`),
  'a subscription by POST': post('ticks', json({ to: 2 })),
  'a subscription by HEAD': { ...get(`ticks?input=${input(json({ to: 2 }))}`), method: 'HEAD' },
  'a subscription that goes on where its address says': get(`ticks?lastEventId=1&input=${input(json({ to: 2 }))}`),
  'a subscription with an input that is not valid': get(`ticks?input=${input(json({ to: 'two' }))}`),
  'a subscription without input': get('ticks'),
  'a subscription with an input that is not JSON': get('ticks?input=%7B'),
  'a subscription that is refused': get(`ticks?input=${input(json({ to: 10 }))}`),
  'a host that is none': get('ask', ['host', 'local host']),
  'a port that is none': get('ask', ['host', 'localhost:99999']),
  'a router that is not loaded yet': get('later.ask'),
}

/** Where tRPC answers in the place of all calls, it adds the headers of `responseMeta` a second time. */
function withoutRepeats({ vary, ...headers }: Received['headers']): Received['headers'] {
  return typeof vary === 'string' ? { ...headers, vary: [...new Set(vary.split(', '))].join(', ') } : headers
}

/** The fields of each event; their order means nothing, nor do empty lines between events. */
function eventsIn(body: string): object[] {
  return body.split(/\n{2,}/).flatMap((block) => {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith('retry: '))
    return lines.length > 0 ? Object.fromEntries(lines.map((line) => line.split(/: (.*)/))) : []
  })
}

describe('the lean way of RPC', () => {
  test.each(Object.entries(plain))('answers as tRPC does: %s', async (_, sent) => {
    const [answer, expected] = await Promise.all([lean.send(sent), official.send(sent)])
    // tRPC sends its answers in pieces; a length tells that the request was taken.
    expect([answer.counted, expected.counted]).toEqual([true, false])
    expect({ ...answer, counted: false }).toEqual({ ...expected, headers: withoutRepeats(expected.headers) })
  })

  test.each(Object.entries(unusual))('leaves to tRPC: %s', async (_, sent) => {
    const [answer, expected] = await Promise.all([lean.send(sent), official.send(sent)])
    expect(answer).toEqual(expected)
  })

  test.each<[string, Sent]>([
    ['from the beginning', get(`ticks?input=${input(json({ to: 3 }))}`)],
    ['behind the last event', get(`ticks?input=${input(json({ to: 3 }))}`, ['last-event-id', '2'])],
    ['with nothing to say', get(`ticks?input=${input(json({ to: 0 }))}`)],
  ])('answers a subscription as tRPC does, %s', async (_, sent) => {
    const [answer, expected] = await Promise.all([lean.send(sent), official.send(sent)])
    expect({ ...answer, body: eventsIn(answer.body) }).toEqual({ ...expected, body: eventsIn(expected.body) })
    // It says how soon a reader comes back, which tRPC does not.
    expect([answer, expected].map(({ body }) => body.startsWith('retry: 1000\n'))).toEqual([true, false])
  })

  test('takes a lazy router once tRPC has loaded it', async () => {
    await lean.send(get('later.ask'))
    expect(await lean.send(get('later.ask'))).toMatchObject({ status: 200, counted: true })
  })

  test('has polluted no prototype', () => {
    expect(Object.keys(Object.prototype)).toEqual([])
    expect({}).not.toHaveProperty('polluted')
  })
})

describe.each(['the lean way', 'tRPC'])('when a client goes away, %s', (name) => {
  const door = (): Door => (name === 'tRPC' ? official : lean)

  /** Announces a body of this many bytes, and sends so much of it. */
  function begin(path: string, sends: { length: number; body: string }): ClientRequest {
    const headers = { 'content-type': 'application/json', 'content-length': sends.length }
    const call = request({ port: door().server.port, method: 'POST', path, headers })
    call.on('error', () => {}).write(sends.body)
    return call
  }

  test('tells the procedure that is running for it', async () => {
    signals.length = 0
    const call = begin('/trpc/waits', { length: 2, body: '{}' })
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    call.destroy()
    await vi.waitFor(() => expect(signals[0]!.aborted).toBe(true))
  })

  test('tells every procedure of its batch', async () => {
    signals.length = 0
    const call = begin('/trpc/waits,waits?batch=1', { length: 2, body: '{}' })
    await vi.waitFor(() => expect(signals).toHaveLength(2))
    call.destroy()
    await vi.waitFor(() => expect(signals.every(({ aborted }) => aborted)).toBe(true))
  })

  test('tells nobody if it has its answer', async () => {
    signals.length = 0
    await door().send(post('nothing', {}))
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })

  test('goes on serving others, though the body has no end', async () => {
    const call = begin('/trpc/echo', { length: 100, body: '{"json":' })
    await once(call, 'socket')
    call.destroy()
    expect(await door().send(get('nil'))).toMatchObject({ status: 200, body: '{"result":{"data":{"json":null}}}' })
  })
})
