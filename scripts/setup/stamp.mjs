// How a set-up knows that there is nothing to do: the stamp that the last one left inside node_modules, where
// `npm ci` and `rm -rf node_modules` take it away together with what it vouches for.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canRun } from '../../bin/node-version.js'

const stampFile = 'node_modules/.hivewax-setup'

/**
 * A text that differs whenever other packages might be needed: other package files, another kind of machine.
 * @param {string} root
 */
export function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/**
 * Whether the last finished set-up still holds. Looks at the folders of the direct dependencies only, which
 * takes less than a millisecond.
 * @param {string} root
 */
export function isCurrent(root) {
  return readStamp(root) === fingerprint(root) && hasDirectDependencies(root) && hasNode(root)
}

/** @param {string} root */
export function writeStamp(root) {
  writeFileSync(join(root, stampFile), fingerprint(root))
}

/** @param {string} root */
function readStamp(root) {
  const file = join(root, stampFile)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** @param {string} root */
function hasDirectDependencies(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const names = Object.keys({ ...dependencies, ...devDependencies })
  return names.every(name => existsSync(join(root, 'node_modules', name, 'package.json')))
}

/** @param {string} root */
function hasNode(root) {
  return existsSync(join(root, 'node_modules/.bin/node')) || canRun(process.version)
}
