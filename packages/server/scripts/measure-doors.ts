import { fork, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startMongo } from '@stockroom/local-mongo'

/**
 * What the lean paths gain: each is measured in turn with the way that it spares, over HTTP with wrk, in one run.
 *
 *   pnpm --filter @stockroom/server measure noop
 *   pnpm --filter @stockroom/server measure orders --connections 256
 *
 * The long way is taken by a request that only differs in what the lean path leaves to others: the header
 * `trpc-accept` for RPC, a slash at the end for REST.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    products: { type: 'string', default: '20' },
    /** `--node=--cpu-prof` and so on, for the server's process. */
    node: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
  },
})

interface Server extends AsyncDisposable {
  readonly url: string
  /** The processor time that it has used, in microseconds. */
  readonly cpu: () => Promise<number>
}

interface Figures {
  readonly perSecond: number
  /** Microseconds of the server's processor time for one request: says the same on a busy machine. */
  readonly cpu: number
}

interface Way {
  readonly name: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly bodies: readonly string[]
}

const folder = await mkdtemp(join(tmpdir(), 'stockroom-doors-'))
try {
  await (positionals[0] === 'orders' ? measureOrders() : measureNoop())
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measureNoop(): Promise<void> {
  await using server = await startServer('noop', [])
  const long = { 'trpc-accept': 'application/json' }
  const nothing = { path: '/trpc/nothing', bodies: ['{}'] }
  const echo = { path: '/trpc/echo', bodies: ['{"json":{"quantity":1}}'] }
  await compare(server, [
    { ...nothing, name: 'nothing, tRPC handler', headers: long },
    { ...nothing, name: 'nothing, lean' },
    { ...echo, name: 'echo, tRPC handler', headers: long },
    { ...echo, name: 'echo, lean' },
  ])
}

async function measureOrders(): Promise<void> {
  await using mongo = await startMongo()
  await using server = await startServer('shop', [mongo.uri])
  const ids = await Promise.all(Array.from({ length: Number(values.products) }, (_, n) => create(server.url, n)))
  const rest = ids.map((id) => JSON.stringify({ user_id: 'ada', product_id: id, quantity: 1 }))
  const rpc = ids.map((id) => JSON.stringify({ json: { userId: 'ada', productId: id, quantity: 1 } }))
  await compare(server, [
    { name: 'REST, Express', path: '/orders/', bodies: rest },
    { name: 'RPC, official', path: '/trpc/orders.create', headers: { 'trpc-accept': 'application/json' }, bodies: rpc },
    { name: 'REST, lean', path: '/orders', bodies: rest },
    { name: 'RPC, lean', path: '/trpc/orders.create', bodies: rpc },
  ])
}

async function create(url: string, n: number): Promise<string> {
  const response = await fetch(`${url}/products`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      sku: `SKU-${n}`,
      name: `Product ${n}`,
      price: { amount: 1000, currency: 'EUR' },
      quantity: 1e9,
    }),
  })
  if (response.status !== 201) throw new Error(await response.text())
  return ((await response.json()) as { product_id: string }).product_id
}

async function compare(server: Server, ways: readonly Way[]): Promise<void> {
  const chosen = ways.filter(({ name }) => !values.only || name.includes(values.only))
  const figures = new Map(chosen.map(({ name }) => [name, [] as Figures[]]))
  for (const way of chosen) await load(server, way, 2)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const way of chosen) figures.get(way.name)!.push(await load(server, way, Number(values.seconds)))
  }
  for (const [name, each] of figures) {
    const perSecond = each.map((figures) => Math.round(figures.perSecond))
    process.stdout.write(
      `${name.padEnd(24)} ${median(perSecond)}/s (${perSecond.join(', ')}), ${median(each.map(({ cpu }) => cpu)).toFixed(1)} us CPU each\n`,
    )
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
}

/** Requests answered in a second; throws where one was refused. */
async function load(server: Server, way: Way, seconds: number): Promise<Figures> {
  const script = join(folder, 'load.lua')
  const headers = Object.entries({ 'content-type': 'application/json', ...way.headers })
  await writeFile(
    script,
    `local bodies = { ${way.bodies.map((body) => JSON.stringify(body)).join(', ')} }
local headers = { ${headers.map(([name, value]) => `["${name}"] = "${value}"`).join(', ')} }
local n = 0
request = function()
  n = n + 1
  return wrk.format('POST', '${way.path}', headers, bodies[n % #bodies + 1])
end
`,
  )
  const before = await server.cpu()
  const wrk = spawn('wrk', ['-t1', `-c${values.connections}`, `-d${seconds}s`, '-s', script, server.url])
  let output = ''
  wrk.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(wrk, 'close')
  if (output.includes('Non-2xx') || output.includes('Socket errors')) throw new Error(`${way.name}: ${output}`)
  const answered = Number(/(\d+) requests in/.exec(output)?.[1])
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    cpu: ((await server.cpu()) - before) / answered,
  }
}

async function startServer(kind: string, args: readonly string[]): Promise<Server> {
  const script = new URL('_measured-server.ts', import.meta.url)
  // As `pnpm start` does.
  const execArgv = [...process.execArgv, '--no-allocation-site-pretenuring', ...values.node]
  const child = fork(script, [kind, ...args], { execArgv })
  const ended = once(child, 'exit').then(() => {
    throw new Error('the server has ended')
  })
  const said = async (): Promise<unknown> => {
    const message = once(child, 'message') as Promise<unknown[]>
    return (await Promise.race([message, ended]))[0]
  }
  return {
    url: (await said()) as string,
    async cpu() {
      child.send('cpu')
      return (await said()) as number
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await ended.catch(() => {})
    },
  }
}
