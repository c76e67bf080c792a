import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorText } from './error-text.ts'

/** The folder is in use by a living process. */
export class AlreadyRunningError extends Error {
  override name = 'AlreadyRunningError'
  readonly folder: string
  /** Of the process that has the folder; undefined in the instant before it has said so. */
  readonly pid: number | undefined

  constructor(folder: string, pid: number | undefined) {
    const [known, stop] = pid === undefined ? ['not known yet', ''] : [pid, `, or kill ${pid}`]
    super(
      `Stockroom is already running in this folder (pid ${known}): use that one, or stop it first (Ctrl-C there${stop}). ` +
        `The folder is ${folder}`,
    )
    this.folder = folder
    this.pid = pid
  }
}

/** What the owner of a folder says about itself. */
export interface Owner {
  readonly pid: number
  /** Of its database, once that takes writes. */
  readonly uri?: string
}

/** The right to run in a folder. It ends with `release`, and with the process, however that ends. */
export interface ProjectLock {
  announce(owner: Owner): Promise<void>
  release(): Promise<void>
}

/**
 * Takes the folder for this process. The lock is one of the operating system's on a file that SQLite holds open:
 * unlike a file with a process id in it, it cannot be taken twice and cannot outlive its owner.
 *
 * @throws AlreadyRunningError
 */
export async function lockProject(folder: string): Promise<ProjectLock> {
  const database = new DatabaseSync(lockFile(folder))
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
  } catch (error) {
    database.close()
    if (!/database is locked/.test(errorText(error))) throw error
    throw new AlreadyRunningError(folder, (await readOwner(folder))?.pid)
  }
  held.add(database)
  const file = ownerFile(folder)
  await rm(file, { force: true })
  return {
    async announce(owner) {
      await writeFile(`${file}.new`, JSON.stringify(owner))
      await rename(`${file}.new`, file)
    },
    async release() {
      await rm(file, { force: true })
      held.delete(database)
      database.close()
    },
  }
}

/** Keeps the garbage collector from closing a lock whose holder has forgotten it. */
const held = new Set<DatabaseSync>()

/** The living owner of a folder, given half a second to say who it is. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < 25; attempt++) {
    const text = await readFile(ownerFile(folder), 'utf8').catch(() => undefined)
    const owner = text === undefined ? undefined : (JSON.parse(text) as Owner)
    if (owner && isAlive(owner.pid)) return owner
    await sleep(20)
  }
  return undefined
}

/** Whether the folder has ever been taken. */
export function isProject(folder: string): boolean {
  return existsSync(lockFile(folder))
}

function lockFile(folder: string): string {
  return join(folder, 'lock')
}

function ownerFile(folder: string): string {
  return join(folder, 'owner.json')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
