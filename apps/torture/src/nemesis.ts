import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster, ClusterMember } from './cluster.ts'
import type { Random } from './random.ts'
import type { ServerProcess } from './server-process.ts'

/** All that can be broken. */
export interface Arena {
  readonly cluster: Cluster
  readonly servers: readonly ServerProcess[]
  readonly random: Random
  /** Told how a server ended that was asked to. */
  readonly onExit: (exitCode: number | null) => void
}

/**
 * Breaks something, waits, and repairs it. Faults come one after another; only answers are lost all the time.
 *
 * What a partition is here: members and servers know each member by the address of its proxy, and the proxy tells
 * members from servers by how they introduce themselves. So the primary can be cut off from the other members alone
 * (servers still reach it: the case in which a write concern below majority loses what was acknowledged), from the
 * servers alone, or from all. What is held stays open and silent, as behind a dead router. The primary's own calls to
 * the other members still get through: it is deaf, not dumb.
 */
export const faults = {
  'kill -9 primary': async ({ cluster, random }: Arena) => endAndStart(await cluster.primary(), 'SIGKILL', random),
  'SIGTERM primary': async ({ cluster, random }: Arena) => endAndStart(await cluster.primary(), 'SIGTERM', random),
  'SIGSTOP primary': async ({ cluster, random }: Arena) => {
    const { mongod } = await cluster.primary()
    await mongod.kill('SIGSTOP')
    await wait(random.between(2000, 6000))
    await mongod.kill('SIGCONT')
  },
  'step down': async ({ cluster, random }: Arena) => {
    await cluster.client
      .db('admin')
      .command({ replSetStepDown: random.between(2, 5), secondaryCatchUpPeriodSecs: 1, force: true })
      // It may lose the connection that it answers on.
      .catch(() => {})
  },
  'partition primary from members': (arena: Arena) => partition(arena, isMember),
  'partition primary from servers': (arena: Arena) => partition(arena, (opening) => !isMember(opening)),
  'partition primary from all': (arena: Arena) => partition(arena, () => true),
  'no quorum': async ({ cluster, random }: Arena) => {
    const primary = await cluster.primary()
    const others = cluster.members.filter((member) => member !== primary)
    await Promise.all(others.map(({ mongod }) => mongod.kill('SIGSTOP')))
    await wait(random.between(2000, 5000))
    await Promise.all(others.map(({ mongod }) => mongod.kill('SIGCONT')))
  },
  'kill -9 server': (arena: Arena) => killServer(arena.random.pick(arena.servers), arena.random),
  'SIGTERM server': async ({ servers, random, onExit }: Arena) => {
    const server = random.pick(servers)
    onExit(await server.signal('SIGTERM'))
    await server.start()
  },
  'kill -9 all servers': async ({ servers, random }: Arena) => {
    await Promise.all(servers.map((server) => killServer(server, random)))
  },
  'SIGSTOP server': async ({ servers, random }: Arena) => {
    const server = random.pick(servers)
    await server.signal('SIGSTOP')
    await wait(random.between(1000, 5000))
    await server.signal('SIGCONT')
  },
  'blackhole server': async ({ servers, random }: Arena) => {
    const { proxy } = random.pick(servers)
    proxy.hold(() => true)
    await wait(random.between(1000, 4000))
    proxy.release(true)
  },
  'refuse server': async ({ servers, random }: Arena) => {
    const { proxy } = random.pick(servers)
    const { rules } = proxy
    proxy.rules = { ...rules, refuse: () => true }
    proxy.cut()
    await wait(random.between(500, 2000))
    proxy.rules = rules
  },
  'slow network': async ({ cluster, servers, random }: Arena) => {
    const proxies = [...cluster.members, ...servers].map(({ proxy }) => proxy)
    const delayMs = () => random.between(10, 100)
    const before = proxies.map(({ rules }) => rules)
    for (const proxy of proxies) proxy.rules = { ...proxy.rules, delayMs }
    await wait(random.between(2000, 4000))
    proxies.forEach((proxy, index) => (proxy.rules = before[index]!))
  },
} satisfies Record<string, (arena: Arena) => Promise<void>>

export type Fault = keyof typeof faults

/** Loses a share of all answers: the request gets through, and the connection ends before, in or instead of the answer. */
export function loseAnswers(
  { servers, random }: Pick<Arena, 'servers' | 'random'>,
  share: number,
): { readonly count: number } {
  const lost = { count: 0 }
  const lose = <Way extends string>(...ways: Way[]): Way | 'pass' => {
    if (!random.chance(share / 2)) return 'pass'
    lost.count++
    return random.pick(ways)
  }
  for (const { proxy } of servers) {
    proxy.rules = { onRequest: () => lose('after'), onAnswer: () => lose('before', 'within') }
  }
  return lost
}

async function endAndStart({ mongod }: ClusterMember, signal: 'SIGKILL' | 'SIGTERM', random: Random): Promise<void> {
  await mongod.kill(signal)
  await wait(random.between(500, 3000))
  await mongod.start()
}

async function killServer(server: ServerProcess, random: Random): Promise<void> {
  await server.signal('SIGKILL')
  await wait(random.between(100, 1500))
  await server.start()
}

/** Members of a set introduce themselves to each other as such in the first message of every connection. */
function isMember(opening: Buffer): boolean {
  return opening.includes('internalClient')
}

async function partition({ cluster, random }: Arena, held: (opening: Buffer) => boolean): Promise<void> {
  const { proxy } = await cluster.primary()
  proxy.hold(held)
  await wait(random.between(3000, 6000))
  proxy.release(random.chance(0.5))
}
