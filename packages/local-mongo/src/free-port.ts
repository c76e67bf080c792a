import { once } from 'node:events'
import { createServer } from 'node:net'

/** Whether nothing listens on this port of 127.0.0.1. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/**
 * A free port from 20000 to 32767: below the range that systems take for outgoing connections, so that it is
 * as likely to be free at the next start.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_768)
    if (await isFreePort(port)) return port
  }
}
