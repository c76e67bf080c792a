/**
 * Gives the packed client types of its own, so that an installed client needs nothing of the server: dist/types has
 * copies of index.d.ts and react.d.ts that import from dist/types/server instead of @stockroom/server, and there the
 * declarations that the router's types reach. What `tsc -b` wrote is left as it is: its next run relies on it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

const root = resolve(import.meta.dirname, '..')
const client = join(root, 'dist')
const server = resolve(root, '../server/dist')
const types = join(client, 'types')

/** The quoted module of `from '…'`, `import '…'` and `import("…")`. */
const MODULE = /(?<=\b(?:from|import)\s*\(?\s*)(?:'([^']+)'|"([^"]+)")/g

const installed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })

rmSync(types, { recursive: true, force: true })
publish(join(client, 'index.d.ts'))
publish(join(client, 'react.d.ts'))

/** Copies a declaration file, and those that it imports, each once. */
function publish(source: string): void {
  const target = targetOf(source)
  if (existsSync(target)) return
  if (!existsSync(source)) throw new Error(`${relative(root, source)} is missing: run "pnpm build" first.`)
  const imported: string[] = []
  const text = readFileSync(source, 'utf8').replaceAll(MODULE, (quoted, single?: string, double?: string) => {
    const file = declarationOf(single ?? double ?? '', source)
    if (!file) return quoted
    imported.push(file)
    const path = relative(dirname(target), targetOf(file)).replaceAll('\\', '/')
    return `'${path.startsWith('.') ? path : `./${path}`}'`.replace('.d.ts', '.js')
  })
  mkdirSync(dirname(target), { recursive: true })
  // Without its map, which would lead to sources of the server that are not packed.
  writeFileSync(target, text.replace(/\n\/\/# sourceMappingURL=.*/, '\n'))
  imported.forEach(publish)
}

/** The file behind an import, or undefined where it names a package that is installed with the client. */
function declarationOf(module: string, importer: string): string | undefined {
  if (module === '@stockroom/server') return join(server, 'router.d.ts')
  if (module.startsWith('.')) return resolve(dirname(importer), module).replace(/\.[jt]s$/, '.d.ts')
  if (installed.some((name) => module === name || module.startsWith(`${name}/`))) return
  throw new Error(
    `The router's types reach "${module}" through ${relative(root, importer)}, but the client does not depend on it.`,
  )
}

function targetOf(file: string): string {
  return file.startsWith(server) ? join(types, 'server', relative(server, file)) : join(types, relative(client, file))
}
