import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, isFreePort } from './free-port.ts'

/** Where the database of a project keeps its files. */
export function dataFolder(folder: string): string {
  return join(folder, 'mongo')
}

/** Whether a database has ever been made here. */
export function hasData(folder: string): boolean {
  return existsSync(join(dataFolder(folder), 'WiredTiger'))
}

/** The port of the last run, so that addresses people noted stay right; another one if a program has taken it. */
export async function projectPort(folder: string): Promise<number> {
  const text = await readFile(portFile(folder), 'utf8').catch(() => '')
  const port = Number.parseInt(text, 10)
  return port > 0 && (await isFreePort(port)) ? port : freePort()
}

/** Keeps the port for the next run. */
export async function keepPort(folder: string, port: number): Promise<void> {
  await writeFile(`${portFile(folder)}.new`, `${port}\n`)
  await rename(`${portFile(folder)}.new`, portFile(folder))
}

function portFile(folder: string): string {
  return join(folder, 'mongo-port')
}
