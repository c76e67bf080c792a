import type { LocalMongo, MongoMember } from '@stockroom/local-mongo'
import type { Document } from 'mongodb'
import { MongoClient } from 'mongodb'

async function onMember({ port }: MongoMember, command: Document): Promise<Document> {
  await using direct = new MongoClient(`mongodb://127.0.0.1:${port}`, { directConnection: true })
  return await direct.db('admin').command(command)
}

export async function membersOf({ members }: LocalMongo): Promise<[primary: MongoMember, others: MongoMember[]]> {
  const hellos = await Promise.all(members.map((member) => onMember(member, { hello: 1 })))
  const primary = members.find((_, index) => hellos[index]!['isWritablePrimary'])!
  return [primary, members.filter((member) => member !== primary)]
}

/** Whether members take over what the primary writes; `startMongo` with `enableTestCommands`. */
export async function letFollow(members: readonly MongoMember[], follow: boolean): Promise<void> {
  const mode = follow ? 'off' : 'alwaysOn'
  await Promise.all(members.map((member) => onMember(member, { configureFailPoint: 'stopReplProducer', mode })))
}
