/** How files of a kind are read: where their imports stand, and what a file that was understood contains. */
export interface Strategy {
  readonly name: string
  /** Each finds, as its first group, what an import names. */
  readonly imports: readonly RegExp[]
  /** Whether the strategy found what such files are made of; undefined where that cannot be known. */
  readonly understood: (text: string, found: Found) => boolean | undefined
}

export interface Found {
  imports: readonly string[]
  functions: number
}

const foundCode = (_: string, { imports, functions }: Found) => imports.length + functions > 0

const ecmascript: Strategy = {
  name: 'import statements',
  imports: [
    /\b(?:from|import)\s*['"]([.@\w#~][\w@./:+~#-]*)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([.@\w#~][\w@./:+~#-]*)['"]\s*\)/g,
  ],
  understood: foundCode,
}

const python: Strategy = {
  name: 'import statements',
  imports: [/^[ \t]*import[ \t]+([\w.]+)/gm, /^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b/gm],
  understood: foundCode,
}

const go: Strategy = {
  name: 'import lines',
  imports: [/^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w./-]+)"[ \t]*$/gm],
  understood: foundCode,
}

const rust: Strategy = {
  name: 'use and mod lines',
  imports: [/^[ \t]*(?:pub[ \t]+)?(?:use|mod)[ \t]+([\w:]+)/gm],
  understood: foundCode,
}

const c: Strategy = {
  name: 'include lines',
  imports: [/^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]/gm],
  understood: foundCode,
}

const dotted: Strategy = {
  name: 'import and using lines',
  imports: [/^[ \t]*(?:import|using|use)[ \t]+(?:static[ \t]+)?([\w.\\]+)/gm],
  understood: foundCode,
}

const ruby: Strategy = {
  name: 'require lines',
  imports: [/^[ \t]*require(?:_relative)?[ \t(]+['"]([^'"\n]+)['"]/gm],
  understood: foundCode,
}

const shell: Strategy = {
  name: 'source lines',
  imports: [/^[ \t]*(?:source|\.)[ \t]+([^\s;&|]+)/gm],
  understood: text => text.startsWith('#!'),
}

const json: Strategy = { name: 'JSON parser', imports: [], understood: parses }

const markdown: Strategy = {
  name: 'headings',
  imports: [],
  understood: text => /^#{1,6} /m.test(text),
}

const plain: Strategy = { name: 'count lines', imports: [], understood: () => undefined }

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export interface Language {
  readonly name: string
  readonly strategy: Strategy
}

const languages: readonly (readonly [name: string, strategy: Strategy, ...extensions: string[]])[] = [
  ['TypeScript', ecmascript, 'ts', 'tsx', 'mts', 'cts'],
  ['JavaScript', ecmascript, 'js', 'jsx', 'mjs', 'cjs'],
  ['Vue/Svelte', ecmascript, 'vue', 'svelte'],
  ['Python', python, 'py', 'pyi'],
  ['Go', go, 'go'],
  ['Rust', rust, 'rs'],
  ['C/C++', c, 'c', 'h', 'cc', 'cpp', 'cxx', 'hpp', 'm'],
  ['Java', dotted, 'java'],
  ['Kotlin', dotted, 'kt', 'kts'],
  ['Scala', dotted, 'scala'],
  ['C#', dotted, 'cs'],
  ['Swift', dotted, 'swift'],
  ['PHP', dotted, 'php'],
  ['Ruby', ruby, 'rb'],
  ['Shell', shell, 'sh', 'bash', 'zsh'],
  ['JSON', json, 'json'],
  ['Markdown', markdown, 'md', 'mdx', 'markdown'],
  ['YAML', plain, 'yml', 'yaml'],
  ['TOML', plain, 'toml'],
  ['SQL', plain, 'sql'],
  ['HTML', plain, 'html', 'htm'],
  ['CSS', plain, 'css', 'scss', 'less'],
]

const byExtension = new Map(
  languages.flatMap(([name, strategy, ...extensions]) =>
    extensions.map(extension => [extension, { name, strategy }] as const),
  ),
)

const other: Language = { name: 'other text', strategy: plain }

/** The extension of a path in lower case, without its dot; empty for none, and for names such as `.gitignore`. */
export function extensionOf(file: string): string {
  return /[^/]\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? ''
}

/** The language of a path, by its extension alone. */
export function languageOf(file: string): Language {
  return byExtension.get(extensionOf(file)) ?? other
}
