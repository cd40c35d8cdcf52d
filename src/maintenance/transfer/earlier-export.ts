import fs from 'node:fs/promises'
import { InvalidInput } from '../../errors.ts'
import { fileError, systemCode } from '../../util/file-error.ts'

/** How much of a file is read to see what it is: more than the longest header. */
const headBytes = 4_096

/** Both shapes begin so. */
const opening = /^\{"format":"hivewax-namespace","version":\d+,"namespace":("(?:[^"\\]|\\.)*")/

/**
 * Makes sure that an export replaces nothing but an earlier one of the same namespace.
 * @throws InvalidInput when the file is something else
 */
export async function assertReplaceable(file: string, namespace: string): Promise<void> {
  const head = await headOf(file)
  if (head === undefined) return
  const [, name] = opening.exec(head) ?? []
  if (name !== undefined && JSON.parse(name) === namespace) return
  throw new InvalidInput(
    `${file} is no export of the namespace ${JSON.stringify(namespace)}, and stays as it is`,
    {
      hint: 'Choose another name, or move the file away.',
    },
  )
}

/** The beginning of a file; undefined when there is none. */
async function headOf(file: string): Promise<string | undefined> {
  try {
    await using handle = await fs.open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, file)
  }
}
