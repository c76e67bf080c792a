import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { ServerProcess } from './server-process.ts'

interface Shop {
  readonly cluster: Cluster
  readonly servers: readonly ServerProcess[]
}

/** Waits until nothing is broken any more: the set has a primary that all follow, and every server is ready. */
export async function calm({ cluster, servers }: Shop): Promise<void> {
  await cluster.settled()
  await Promise.all(servers.map(isReady))
}

const READY_WITHIN_MS = 30_000

async function isReady(server: ServerProcess): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${server.port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    if (Date.now() > deadline) throw new Error('A server is not ready 30 s after the last fault was repaired.')
    await wait(100)
  }
}
