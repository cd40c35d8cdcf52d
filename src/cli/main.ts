import { main } from './program.ts'

const args = process.argv.slice(2)
// Until it has ended: should it wait for something that never comes, Node ends with this.
process.exitCode = 1

if (args[0] === 'hook' && !args.some(arg => arg === '--help' || arg === '-h')) runHook()
else {
  main(args).then(exitCode => {
    process.exitCode = exitCode
  })
}

/** A hook that fails would stop the agent it serves: whatever happens, it exits with 0. */
function runHook(): void {
  process.exitCode = 0
  const end = () => process.exit(0)
  import('./commands/hook.ts').then(({ hookMain }) => hookMain(args.slice(1))).then(end, end)
}
