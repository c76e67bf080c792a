import { connect } from 'node:net'
import { expect } from 'vitest'
import type { ErrorCode } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import type { ServeOptions } from '@stockroom/server/http'
import { serve } from '@stockroom/server/http'
import type { TestShop } from '@stockroom/server/testing'
import { testShop } from './_shop.ts'

export interface Doors extends AsyncDisposable {
  readonly url: string
  readonly test: TestShop
  /** What the server was told of its own faults. */
  readonly faults: { error: unknown; requestId: string }[]
  /** Stops serving; the shop stays open. */
  close(): Promise<void>
}

/** A shop in a fresh database behind its real HTTP doors, on a port of its own. */
export async function openDoors(options: Partial<ServeOptions> = {}): Promise<Doors> {
  await using stack = new AsyncDisposableStack()
  const test = stack.use(await testShop())
  const faults: Doors['faults'] = []
  const onError = (error: unknown, requestId: string) => void faults.push({ error, requestId })
  const server = await serve({ shop: test.shop, port: 0, drainMs: 0, onError, ...options })
  let closing: Promise<void> | undefined
  const stop = async () => server[Symbol.asyncDispose]()
  const close = () => (closing ??= stop())
  stack.defer(close)
  const open = stack.move()
  return { url: server.url, test, faults, close, [Symbol.asyncDispose]: async () => open.disposeAsync() }
}

export type Json = Record<string, unknown>

export interface Answer<Body = Json> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed JSON; undefined where the answer is none. */
  readonly body: Body
}

/** One request. An object becomes a JSON body; everything else goes as it is. */
export async function send<Body = Json>(url: string, init: Send = {}): Promise<Answer<Body>> {
  const { json, headers, ...rest } = init
  const response = await fetch(url, {
    ...rest,
    ...(json !== undefined && { body: typeof json === 'string' ? json : JSON.stringify(json) }),
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
  const text = await response.text()
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && text !== ''
  const body = (isJson ? JSON.parse(text) : undefined) as Body
  return { status: response.status, headers: response.headers, text, body }
}

export interface Send extends Omit<RequestInit, 'headers'> {
  /** The body: a value, or JSON text as it is to be sent. */
  readonly json?: unknown
  readonly headers?: Record<string, string>
}

/** A problem of REST: everything around the code is what the table of errors says. */
export function expectProblem(answer: Answer, code: ErrorCode, extra: Json = {}): void {
  const { status, text, next } = errors[code]
  expect(answer).toMatchObject({ status, body: { status, code, detail: text } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: text,
    code,
    next_step: next,
    request_id: answer.headers.get('x-request-id'),
    ...extra,
  })
}

/** A 422 of REST whose errors stand at exactly these places; one place may break more than one rule. */
export function expectInvalid(answer: Answer, ...locs: (string | number)[][]): void {
  const issues = answer.body.errors as { loc: unknown; msg: unknown }[]
  expect([...new Set(issues.map(({ loc }) => JSON.stringify(loc)))]).toEqual(locs.map((loc) => JSON.stringify(loc)))
  expect(issues).toEqual(issues.map(({ loc }) => ({ loc, msg: expect.any(String) })))
  expectProblem(answer, 'VALIDATION', { errors: answer.body.errors })
}

/** The envelope that an error of RPC travels in. */
interface RpcError {
  error: {
    json: { message: string; code: number; data: { code: string; httpStatus: number; path?: string; shop: Json } }
  }
}

/** An error of RPC: everything around the code is what the table of errors says. */
export function expectRpcError(answer: Answer, code: ErrorCode, details: unknown = {}): void {
  const { text, next, trpc } = errors[code]
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.body).toEqual({
    error: {
      json: {
        message: text,
        code: expect.any(Number),
        data: expect.objectContaining({ code: trpc, httpStatus: answer.status, shop: { code, details, next } }),
      },
    },
  })
}

/** What the database, the file system or the language says stays inside, whatever the status. */
export function expectNothingInside(text: string): void {
  expect(text).not.toMatch(/mongo|node_modules|\bat \S+ \(|\.ts:\d|\.js:\d|bson|ZodError|TypeError|SyntaxError/i)
  // In small letters it may be a part of a request's id.
  expect(text).not.toContain('E11000')
}

/** A refusal of either door in its own form: 4xx, typed, and nothing of what is inside. */
export function expectRefusal(answer: Answer): void {
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expectNothingInside(answer.text)
  if (answer.headers.get('content-type')?.startsWith('application/problem+json')) {
    const code = answer.body.code as ErrorCode
    const { errors: issues, details } = answer.body
    expectProblem(answer, code, {
      ...(issues !== undefined && { errors: issues }),
      ...(details !== undefined && { details }),
    })
    return
  }
  expect(answer.headers.get('content-type')).toBe('application/json')
  // A batch answers with a list of what a single call answers with. The body is any JSON; this says what it must be.
  for (const { error } of [answer.body].flat() as unknown as RpcError[]) {
    expect(error.json.data.shop.code).toBeOneOf(Object.keys(errors))
    expect(error.json.data.httpStatus).toBe(answer.status)
    expect(error.json.data).not.toHaveProperty('stack')
  }
}

/** The server lives, and a normal order succeeds on both doors. */
export async function expectAlive({ url, test, faults }: Doors, productId: string): Promise<void> {
  expect((await send(`${url}/livez`)).status).toBe(200)
  const before = await test.caller.products.byId({ id: productId })
  const rest = await send(`${url}/orders`, {
    method: 'POST',
    json: { user_id: 'ada', product_id: productId, quantity: 1 },
  })
  expect(rest.status).toBe(201)
  const rpc = await send(`${url}/trpc/orders.create`, {
    method: 'POST',
    json: { json: { userId: 'ada', productId, quantity: 1 } },
  })
  expect(rpc.status).toBe(200)
  expect(await test.caller.products.byId({ id: productId })).toMatchObject({ quantity: before.quantity - 2 })
  expect(faults).toEqual([])
}

/** Bytes on a socket, for what `fetch` does not send; answers with all that came until the server closed it. */
export async function sendRaw(url: string, bytes: string | string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
  // A reset after an early answer is the server's right.
  const ended = new Promise<void>((resolve) => socket.once('error', () => resolve()).once('close', () => resolve()))
  for (const part of [bytes].flat()) socket.write(part, 'latin1')
  await ended
  return received
}

/** The head of a request that ends its connection, then the body. */
export function rawRequest(line: string, headers: Record<string, string> = {}, body = ''): string {
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

/** The status that a raw answer begins with. */
export const statusOf = (raw: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1])

/** An order as REST shows it. */
export interface RestOrder {
  id: string
  user_id: string
  lines: { product_id: string; quantity: number }[]
  created_at: string
  [field: string]: unknown
}

/** A product to create, in the names of REST: a fresh SKU, 10.00 EUR, stock 100, unless said otherwise. */
export function restProduct(fields: Json = {}): Json {
  count++
  return {
    sku: `REST-${count}`,
    name: `Product ${count}`,
    price: { amount: 1000, currency: 'EUR' },
    quantity: 100,
    ...fields,
  }
}

let count = 0
