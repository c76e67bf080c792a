import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AlreadyRunningError, NoProjectDataError, openProjectMongo, useProjectMongo } from '@stockroom/local-mongo'
import { MongoClient } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { processesIn, testFolder } from './_folder.ts'

describe.concurrent('the data', () => {
  test('survive a clean stop, under the same address', async () => {
    await using folder = await testFolder()
    const uris: string[] = []
    for (const text of ['first', 'second']) {
      await using mongo = await openProjectMongo(join(folder.path, 'project'))
      uris.push(mongo.uri)
      await write(mongo.uri, text)
    }
    expect(uris[1]).toBe(uris[0])
    await using mongo = await useProjectMongo(join(folder.path, 'project'))
    expect(await read(mongo.uri)).toEqual(['first', 'second'])
  })

  test('survive kill -9 of the owner and of mongod', async () => {
    await using folder = await testFolder()
    await using owner = await startOwner(folder.path, 'kept')
    process.kill(await mongodPid(folder.path), 'SIGKILL')
    await owner.kill('SIGKILL')
    await using mongo = await openProjectMongo(folder.path)
    expect(await read(mongo.uri)).toEqual(['kept'])
  })

  test('are taken over from a mongod that nothing ends', async () => {
    await using folder = await testFolder()
    await using owner = await startOwner(folder.path, 'kept')
    const pid = await mongodPid(folder.path)
    process.kill(pid, 'SIGSTOP')
    await owner.kill('SIGKILL')
    await using mongo = await openProjectMongo(folder.path)
    expect(await read(mongo.uri)).toEqual(['kept'])
    expect(await mongodPid(folder.path)).not.toBe(pid)
  })

  test('are taken over from the mongod of an owner that was killed', async () => {
    await using folder = await testFolder()
    await using owner = await startOwner(folder.path, 'kept')
    await owner.kill('SIGKILL')
    await using mongo = await openProjectMongo(folder.path)
    expect(mongo.uri).toBe(owner.said)
    expect(await read(mongo.uri)).toEqual(['kept'])
    expect(await processesIn(folder.path)).toHaveLength(1)
  })

  test('move to another port when a program has taken theirs', async () => {
    await using folder = await testFolder()
    const first = await openProjectMongo(folder.path)
    await write(first.uri, 'kept')
    await first[Symbol.asyncDispose]()
    await using other = createServer((_, response) => response.end()).listen(
      Number(new URL(first.uri).port),
      '127.0.0.1',
    )
    await once(other, 'listening')
    await using mongo = await openProjectMongo(folder.path)
    expect(mongo.uri).not.toBe(first.uri)
    expect(await read(mongo.uri)).toEqual(['kept'])
  })
})

describe.concurrent('one owner at a time', () => {
  test('a second start names the first', async () => {
    await using folder = await testFolder()
    await using owner = await startOwner(folder.path, 'kept')
    const error = await openProjectMongo(folder.path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AlreadyRunningError)
    expect(error).toMatchObject({ pid: owner.pid, folder: folder.path })
    expect(String(error)).toContain(`already running in this folder (pid ${owner.pid})`)
    await using mongo = await useProjectMongo(folder.path)
    expect(await read(mongo.uri)).toEqual(['kept'])
  })

  test('of three starts at the same instant one wins', async () => {
    await using folder = await testFolder()
    const owners = await Promise.all(['a', 'b', 'c'].map((text) => startOwner(folder.path, text)))
    const winners = owners.filter(({ said }) => said.startsWith('mongodb://'))
    expect(winners).toHaveLength(1)
    for (const loser of owners) {
      if (loser !== winners[0])
        expect(loser.said).toContain(
          `AlreadyRunningError: Stockroom is already running in this folder (pid ${winners[0]?.pid})`,
        )
    }
    await Promise.all(owners.map((owner) => owner[Symbol.asyncDispose]()))
  })
})

test('no other program is ended, whatever its process id or its words are', async () => {
  await using folder = await testFolder()
  await (await openProjectMongo(folder.path))[Symbol.asyncDispose]()
  const dbPath = join(folder.path, 'mongo')
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '--dbpath', dbPath])
  await writeFile(join(dbPath, 'mongod.lock'), `${bystander.pid}\n`)
  await (await openProjectMongo(folder.path))[Symbol.asyncDispose]()
  expect(bystander).toMatchObject({ exitCode: null, signalCode: null })
  bystander.kill('SIGKILL')
})

describe.concurrent('use', () => {
  test('leaves a running database running, and waits for one that starts', async () => {
    await using folder = await testFolder()
    await (await openProjectMongo(folder.path))[Symbol.asyncDispose]()
    const opening = openProjectMongo(folder.path)
    while (!existsSync(join(folder.path, 'owner.json'))) await sleep(1)
    const used = await useProjectMongo(folder.path)
    await using mongo = await opening
    expect(used.uri).toBe(mongo.uri)
    await used[Symbol.asyncDispose]()
    await write(mongo.uri, 'still there')
  })

  test.each(['empty', 'missing'])('of a folder that is %s is an error, and makes no database', async (state) => {
    await using folder = await testFolder()
    const path = state === 'missing' ? join(folder.path, 'missing') : folder.path
    await expect(useProjectMongo(path)).rejects.toThrow(NoProjectDataError)
    await expect(useProjectMongo(path)).rejects.toThrow('run `npx pnpm start` once')
    expect(await readdir(folder.path)).toEqual([])
  })

  test('of a path that cannot be a folder is an error that says so', async () => {
    await using folder = await testFolder()
    await writeFile(join(folder.path, 'file'), '')
    await expect(openProjectMongo(join(folder.path, 'file'))).rejects.toThrow(
      'cannot be written: give this user the folder',
    )
  })
})

async function write(uri: string, text: string): Promise<void> {
  await using client = await MongoClient.connect(uri)
  await client.db('test').collection('notes').insertOne({ text })
}

async function read(uri: string): Promise<string[]> {
  await using client = await MongoClient.connect(uri)
  const notes = await client.db('test').collection<{ text: string }>('notes').find().sort('text').toArray()
  return notes.map(({ text }) => text)
}

async function mongodPid(folder: string): Promise<number> {
  return Number(await readFile(join(folder, 'mongo', 'mongod.lock'), 'utf8'))
}

/** Starts a process that opens the folder. `said` is the address, or the error. */
async function startOwner(folder: string, text: string) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@stockroom/source', fileURLToPath(new URL('./_owner.ts', import.meta.url)), folder, text],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const exited = once(child, 'exit')
  const [said] = child.stdout ? await once(child.stdout, 'data') : []
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return {
    pid: child.pid,
    said: String(said).trim(),
    kill,
    /** Kills it, and waits for its mongod to end. */
    async [Symbol.asyncDispose]() {
      await kill('SIGKILL')
      while ((await processesIn(folder)).length > 0) await sleep(50)
    },
  }
}
