import fs from 'node:fs'

const text = fs.readFileSync(new URL('document.md', import.meta.url), 'utf8')

/** The document's code blocks of one language, in order, without their indentation in lists. */
export function blocks(language: string): string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm')
  return [...text.matchAll(fence)].map(([, indent, code]) =>
    (code ?? '').replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** Runs a block as the body of an async function with these names in scope; returns its own constants by name. */
export async function runBlock(
  code: string,
  scope: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const names = [...code.matchAll(/^const (\w+)/gm)].map(([, name]) => name)
  const body = `${code}\nreturn { ${names.join(', ')} }`
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<never>
  return new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope))
}
