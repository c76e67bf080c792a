import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from './check/check.ts'
import type { Cluster } from './cluster.ts'
import type { Patch } from './planted-bugs.ts'
import type { Profile } from './profiles.ts'
import { torture } from './run.ts'

const server = join(import.meta.dirname, '../../../packages/server')

export interface PlantedRun {
  readonly cluster: Cluster
  readonly seed: number
  readonly profile: Profile
  readonly patches: readonly Patch[]
}

/** Runs a patched copy of the server's sources: the sources themselves know of no bug. */
export async function tortureCopy({ patches, ...options }: PlantedRun): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-planted-'))
  try {
    const host = await copyServer(join(folder, 'server'), patches)
    return await torture({ ...options, host, folder: join(folder, 'run') })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Copies the server as a package: what it imports it finds through the workspace's own node_modules, and the host
 * beside it imports it by its own name. Gives the path of that host.
 */
async function copyServer(copy: string, patches: readonly Patch[]): Promise<string> {
  await mkdir(copy)
  await cp(join(server, 'src'), join(copy, 'src'), { recursive: true })
  await cp(join(server, 'package.json'), join(copy, 'package.json'))
  await symlink(join(server, 'node_modules'), join(copy, 'node_modules'), 'junction')
  for (const patch of patches) await apply(patch, join(copy, 'src', patch.file))
  const host = join(copy, 'host.ts')
  await cp(join(import.meta.dirname, 'host.ts'), host)
  return host
}

async function apply({ file, from, to }: Patch, path: string): Promise<void> {
  const source = await readFile(path, 'utf8')
  const found = [...source.matchAll(new RegExp(from, 'g'))].length
  if (found !== 1) {
    throw new Error(
      `${String(from)} stands ${found} times in packages/server/src/${file}: the planted bug must follow.`,
    )
  }
  await writeFile(path, source.replace(from, to))
}
