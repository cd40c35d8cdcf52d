/** The oldest Node whose built-in SQLite hivewax trusts; the same as `engines.node` in package.json. */
export const requiredNode = '24.15'

/**
 * Whether a version such as `24.21.0` or `v24.21.0` can run hivewax.
 * @param {string} version
 */
export function canRun(version) {
  const [major, minor] = parse(version)
  const [leastMajor, leastMinor] = parse(requiredNode)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

/** @param {string} version */
function parse(version) {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  return /** @type {const} */ ([major, minor])
}
