// Brings node_modules to what package-lock.json says, with npm itself.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { canRun, requiredNode } from '../../bin/node-version.js'
import { writeStamp } from './stamp.mjs'

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} Package */

// The options that a surrounding `npm run` may have put into the environment, or NODE_ENV=production, and
// that would leave packages out are said again here; npm's command line goes before its environment.
const npmCi = ['ci', '--include=dev', '--include=optional', '--global=false', '--dry-run=false']
const quietly = ['--no-audit', '--no-fund', '--progress=false', '--loglevel=error']

/**
 * Installs, unless an `npm install` by hand has done it already, and leaves a stamp. Prints one line.
 * @param {string} root
 */
export function install(root) {
  const began = performance.now()
  const ready = isInstalled(root) && canRun(nodeOfScripts(root))
  say(`hivewax: ${ready ? 'checking' : 'installing'} the packages of package-lock.json … `)
  try {
    if (!ready) runNpmCi(root)
    refuseOldNode(root)
    writeStamp(root)
  } catch (error) {
    say('failed\n')
    throw error
  }
  say(`done in ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
}

/** @param {string} text */
function say(text) {
  process.stderr.write(text)
}

/**
 * Whether the list that npm keeps of what it has installed says the same as package-lock.json, and is true.
 * @param {string} root
 */
function isInstalled(root) {
  const list = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(list)) return false
  const installed = readPackages(list)
  const isThere = Object.keys(installed).every(place => existsSync(join(root, place)))
  return isThere && agree(readPackages(join(root, 'package-lock.json')), installed)
}

/**
 * Whether what is installed is what is wanted. Optional packages may be absent: they are for other machines.
 * @param {Record<string, Package>} wanted
 * @param {Record<string, Package>} installed
 */
export function agree(wanted, installed) {
  const places = new Set([...Object.keys(wanted), ...Object.keys(installed)])
  places.delete('')
  return [...places].every(place => isSame(wanted[place], installed[place]))
}

/**
 * @param {Package | undefined} wanted
 * @param {Package | undefined} installed
 */
function isSame(wanted, installed) {
  if (wanted === undefined) return false
  if (installed === undefined) return wanted.optional === true
  const digests = new Set([wanted.integrity, installed.integrity].filter(Boolean))
  return wanted.version === installed.version && digests.size < 2
}

/**
 * @param {string} file
 * @returns {Record<string, Package>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/** @param {string} root */
function runNpmCi(root) {
  const [command, ...first] = npmCommand(process.env)
  /** @param {string} preference */
  const ci = preference =>
    spawnSync(command, [...first, ...npmCi, preference, ...quietly], { cwd: root, encoding: 'utf8' })
  let run = ci('--prefer-offline')
  // What npm remembers of the registry may be older than package-lock.json.
  if (run.status !== 0 && /\bETARGET\b/.test(run.stderr)) run = ci('--prefer-online')
  if (run.status === 0) return
  const said = run.error?.message ?? `${run.stdout}${run.stderr}`.trim().split('\n').slice(0, 12).join('\n')
  throw new Error(
    `npm ci ended with ${run.signal ?? run.status}. Mend what npm names, then try again:\n${said}`,
  )
}

/**
 * The npm that runs the script that called us, under its own Node: the install deletes the project's.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function npmCommand(env) {
  const { npm_execpath: npm, npm_node_execpath: node } = env
  return npm && node && basename(npm) === 'npm-cli.js' ? [node, npm] : ['npm']
}

/** @param {string} root */
function refuseOldNode(root) {
  const found = nodeOfScripts(root)
  if (canRun(found)) return
  throw new Error(
    `the scripts need Node ${requiredNode} or newer and would run ${found}. The package "node" brings one, ` +
      "unless npm's ignore-scripts is set: run `npm rebuild node --ignore-scripts=false`, or install " +
      'a newer Node from https://nodejs.org, then try again.',
  )
}

/**
 * The version of the `node` that npm's scripts find first, or a word for none.
 * @param {string} root
 */
function nodeOfScripts(root) {
  const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const run = spawnSync('node', ['--version'], { env: { ...process.env, PATH }, encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim() : 'none'
}
