import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient, type Document } from 'mongodb'
import { errorCode } from './error-text.ts'

/** The name of every replica set here. */
export const setName = 'stockroom'

/** For drivers: all members, in the order given. */
export function replicaSetUri(ports: readonly number[]): string {
  return `mongodb://${ports.map(hostOf).join(',')}/?replicaSet=${setName}`
}

/**
 * Makes one replica set of the members that listen on these ports of 127.0.0.1, and waits until it takes writes.
 * Data that knew themselves under other ports are told the new ones.
 */
export async function formReplicaSet(ports: readonly number[], settings: Document = {}): Promise<void> {
  const clients = ports.map((port) => new MongoClient(`mongodb://${hostOf(port)}`, { directConnection: true }))
  try {
    const [first] = clients
    if (first) await configure(first, ports, settings)
    await waitForPrimary(clients)
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

async function configure(client: MongoClient, ports: readonly number[], settings: Document): Promise<void> {
  const members = ports.map((port, _id) => ({ _id, host: hostOf(port) }))
  // The stored configuration: mongod denies having one while it tries the addresses in it.
  const stored = await client.db('local').collection('system.replset').findOne()
  if (stored === null) {
    await client.db('admin').command({ replSetInitiate: { _id: setName, members, settings } })
  } else if (members.some(({ host }, index) => stored['members'][index]?.host !== host)) {
    await reconfigure(client, { ...stored, version: stored['version'] + 1, members })
  }
}

/** By force, because a member that does not find its own address in the configuration is no primary. */
async function reconfigure(client: MongoClient, config: Document): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      await client.db('admin').command({ replSetReconfig: config, force: true })
      return
    } catch (error) {
      // It is still trying the old address, up to 30 s if what listens there says nothing.
      const notYetInitialized = 94
      if (errorCode(error) !== notYetInitialized || Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

async function waitForPrimary(clients: readonly MongoClient[]): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const answers = await Promise.all(clients.map((client) => client.db('admin').command({ hello: 1 })))
    const primary = answers.some((answer) => answer['isWritablePrimary'])
    if (primary && answers.every((answer) => answer['isWritablePrimary'] || answer['secondary'])) return
    if (Date.now() > deadline)
      throw new Error('The replica set has had no primary for 60 s: stop all mongod processes of it and start again.')
    await sleep(20)
  }
}

function hostOf(port: number): string {
  return `127.0.0.1:${port}`
}
