import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { colours } from '../../src/cli/print/colour.ts'
import { displayWidth } from '../../src/cli/print/display-text.ts'
import { asciiGraph } from '../../src/cli/tasks/ascii.ts'
import { dotGraph } from '../../src/cli/tasks/dot.ts'
import { mermaidGraph } from '../../src/cli/tasks/mermaid.ts'
import { outline } from '../../src/cli/tasks/outline.ts'
import { statuses } from '../../src/tasks/task.ts'
import type { TaskGraph } from '../../src/tasks/task-graph.ts'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

type Edge = TaskGraph['edges'][number]

const node = (id: string, more: Partial<TaskGraph['nodes'][number]> = {}): TaskGraph['nodes'][number] => ({
  id,
  description: `do ${id}`,
  status: 'pending',
  priority: 'medium',
  assignedTo: undefined,
  ...more,
})

const edge = (from: string, to: string, onFailure: Edge['onFailure'] = 'fail'): Edge => ({
  from,
  to,
  onFailure,
})

const graph = (nodes: TaskGraph['nodes'], edges: Edge[] = []): TaskGraph => ({
  nodes,
  edges,
  truncated: false,
})

const plain = { colours: colours(1, false), width: undefined }

/** Tasks of which each may wait for any before it. */
const dags = fc
  .array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom(...statuses), fc.array(fc.nat(30))), {
    maxLength: 30,
  })
  .map(list => {
    const nodes = list.map(([text, status], i) =>
      node(`${i} ${text}`, { status, description: text.repeat(9) }),
    )
    const edges = list.flatMap(([, , froms], to) =>
      [...new Set(froms)].filter(from => from < to).map(from => edge(nodes[from]!.id, nodes[to]!.id)),
    )
    return graph(nodes, edges)
  })

/** What no terminal, and no reader of one line, should get. */
const tricky = [
  'a"b',
  'x\ny',
  '[a](b){c}',
  '🐝 世界',
  '`md`',
  '1. one',
  '- item',
  '<b>&amp;</b>',
  '#35;',
  'tail\\',
]

describe('the outline of a graph', () => {
  it('has a diamond once in full, under the last task it waits for, and a reference under the other', () => {
    const diamond = graph(
      ['build', 'lint', 'ship', 'test'].map(id => node(id)),
      [edge('build', 'ship'), edge('build', 'test'), edge('test', 'ship'), edge('lint', 'ship', 'skip')],
    )
    expect(asciiGraph(diamond, plain)).toEqual([
      '○ build  do build  pending',
      '├─ ○ ship  see below',
      '└─ ○ test  do test  pending',
      '   └─ ○ ship  do ship  pending, also after build, lint',
      '○ lint  do lint  pending',
      '└─ ○ ship  see above',
    ])
  })

  it('says in words how each task stands, and what a failure does to it', () => {
    const nodes = [
      node('a', { status: 'running', assignedTo: 'coder-1' }),
      node('b'),
      node('c', { status: 'dead' }),
    ]
    expect(asciiGraph(graph(nodes, [edge('a', 'b', 'skip'), edge('b', 'c', 'ignore')]), plain)).toEqual([
      '● a  do a  running by coder-1',
      '└─ ○ b  do b  pending, skipped if a fails',
      '   └─ † c  do c  dead, even if b fails',
    ])
  })

  it('names only some of many tasks that one waits for', () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map(id => node(id))
    const lines = asciiGraph(
      graph(
        many,
        many.slice(0, 5).map(({ id }) => edge(id, 'f')),
      ),
      plain,
    )
    expect(lines).toContain('└─ ○ f  do f  pending, also after b, c, d and 1 more')
  })

  it('begins long chains anew at the margin, where branches would leave no room', () => {
    const ids = Array.from({ length: 5000 }, (_, i) => `t${i}`)
    const chain = graph(
      ids.map(id => node(id)),
      ids.slice(1).map((id, i) => edge(ids[i]!, id)),
    )
    const lines = outline(chain)
    expect(lines.filter(line => line.shown === 'here').map(line => line.node.id)).toEqual(ids)
    expect(Math.max(...lines.map(line => line.branch.length))).toBeLessThan(40)
  })

  it('shows tasks that wait for each other in a circle, which only foreign SQL can make', () => {
    const circle = graph([node('a'), node('b')], [edge('a', 'b'), edge('b', 'a')])
    expect(asciiGraph(circle, plain)).toEqual([
      '○ a  do a  pending, also after b',
      '└─ ○ b  do b  pending',
      '   └─ ○ a  see above',
    ])
  })

  it('has every task of a random graph once, and references that hold', () => {
    fc.assert(
      fc.property(dags, fc.integer({ min: 1, max: 4 }), (dag, maxDepth) => {
        const lines = outline(dag, maxDepth)
        const places = new Map(
          lines.flatMap(({ node: { id }, shown }, i) => (shown === 'here' ? [[id, i]] : [])),
        )
        expect(places.size).toBe(dag.nodes.length)
        expect(lines.filter(line => line.shown === 'here')).toHaveLength(dag.nodes.length)
        expect(lines.filter(line => line.edge !== undefined)).toHaveLength(dag.edges.length)
        lines.forEach(({ node: { id }, shown }, i) => {
          if (shown === 'above') expect(places.get(id)).toBeLessThan(i)
          if (shown === 'below') expect(places.get(id)).toBeGreaterThan(i)
        })
      }),
    )
  })

  it('gives up descriptions before anything else when the terminal is narrow', () => {
    const long = graph([
      node('a', { description: 'word '.repeat(50) }),
      node('世界', { description: '世'.repeat(60) }),
    ])
    const lines = asciiGraph(long, { ...plain, width: 40 })
    expect(lines.map(displayWidth)).toEqual([
      40,
      expect.toSatisfy((width: number) => width >= 38 && width <= 40),
    ])
    expect(lines[0]).toMatch(/^○ a {2}word .*… {2}pending$/)
    expect(asciiGraph(long, { ...plain, width: 15 })[0]).toBe('○ a  pending')
  })

  it('cannot do anything to the terminal, and keeps each task on its line', () => {
    const rude = graph([node('a\nb', { description: '\u001b[2J\r\nnext' })])
    expect(asciiGraph(rude, plain)).toEqual(['○ a⏎b  \\u001b[2J⏎next  pending'])
  })
})

describe('Mermaid', () => {
  it('gets a box per task, an arrow per dependency and a class per status', () => {
    const nodes = [node('a', { status: 'completed' }), node('b'), node('c')]
    expect(mermaidGraph(graph(nodes, [edge('a', 'b'), edge('b', 'c', 'skip')]))).toEqual([
      'graph TD',
      '  n0["a<br/>do a<br/>completed"]',
      '  n1["b<br/>do b<br/>pending"]',
      '  n2["c<br/>do c<br/>pending"]',
      '  n0 --> n1',
      '  n1 -. skip .-> n2',
      expect.stringMatching(/^ {2}classDef taskcompleted fill:#\w+,stroke:#\w+,color:#\w+$/),
      '  class n0 taskcompleted',
      expect.stringMatching(/^ {2}classDef taskpending /),
      '  class n1,n2 taskpending',
    ])
  })

  it('reads nothing in ids and descriptions as its own', () => {
    const lines = mermaidGraph(graph(tricky.map(text => node(text, { description: 'x' })))).slice(1, 11)
    const labels = lines.map((line, i) => line.slice(`  n${i}["`.length, -'<br/>x<br/>pending"]'.length))
    expect(labels).toEqual([
      'a#34;b',
      'x<br/>y',
      '#91;a#93;(b)#123;c#125;',
      '🐝 世界',
      '#96;md#96;',
      '1#46; one',
      '#45; item',
      '#60;b#62;#38;amp#59;#60;/b#62;',
      '#35;35#59;',
      'tail#92;',
    ])
  })

  it('gets whole labels on one line each, whatever the texts', () => {
    fc.assert(
      fc.property(dags, dag => {
        const boxes = mermaidGraph(dag).slice(1, 1 + dag.nodes.length)
        boxes.forEach((line, i) => {
          const label = line.replace(`  n${i}["`, '').replace(/"\]$/, '').replaceAll('<br/>', '')
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
          expect(label).not.toMatch(/["<>`[\]{}\\&\x00-\x1f]|#(?!\d+;)/)
        })
      }),
    )
  })

  it('says in a comment that there are more', () => {
    expect(mermaidGraph({ ...graph([]), truncated: true })[1]).toMatch(/^ {2}%% .*more$/)
    expect(dotGraph({ ...graph([]), truncated: true })[1]).toMatch(/^ {2}\/\/ .*more$/)
  })
})

describe('DOT', () => {
  it('gets a box per task and an arrow per dependency', () => {
    const lines = dotGraph(graph([node('a'), node('b')], [edge('a', 'b', 'ignore')]))
    expect(lines[0]).toBe('digraph tasks {')
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}n0 \[label="a\\ndo a\\npending", fillcolor="#\w+"\]$/),
    )
    expect(lines.at(-2)).toBe('  n0 -> n1 [style=dashed, label="ignore"]')
    expect(lines.at(-1)).toBe('}')
  })

  it('reads nothing in ids and descriptions as its own', () => {
    const lines = dotGraph(graph(tricky.map(text => node(text, { description: 'x' })))).slice(2, 12)
    const labels = lines.map(line => /label="(.*)\\nx\\npending", /.exec(line)?.[1])
    expect(labels).toEqual([
      'a\\"b',
      'x\\ny',
      '[a](b){c}',
      '🐝 世界',
      '`md`',
      '1. one',
      '- item',
      '<b>&amp;amp;</b>',
      '#35;',
      'tail\\\\',
    ])
  })

  it('gets strings that end where they should, whatever the texts', () => {
    fc.assert(
      fc.property(dags, dag => {
        const boxes = dotGraph(dag).slice(2, 2 + dag.nodes.length)
        for (const line of boxes)
          expect(line).toMatch(/^ {2}n\d+ \[label="([^"\\]|\\["\\n])*", fillcolor="#\w+"\]$/)
      }),
    )
  })
})

describe('tasks graph', () => {
  it('draws what it is asked to, from a task on, and with --json gives the data', () => {
    const folder = scratchFolder()
    const tasks = [
      { id: 'build', description: 'Build' },
      { id: 'test', description: 'Test', dependencies: ['build'] },
    ]
    hivewax(folder, ['store', 'a', '1'])
    expect(hivewax(folder, ['tasks', 'graph'])).toMatchObject({ status: 0, stdout: '', stderr: 'no tasks\n' })
    hivewax(folder, ['tasks', 'create-many', '--tasks', JSON.stringify(tasks)])
    expect(hivewax(folder, ['tasks', 'graph'])).toEqual({
      status: 0,
      stdout: '○ build  Build  pending\n└─ ○ test  Test  pending\n',
      stderr: '2 tasks\n',
    })
    const mermaid = hivewax(folder, ['tasks', 'graph', 'test', '--format', 'mermaid'])
    expect(mermaid.stdout).toMatch(/^graph TD\n {2}n0\["test<br\/>Test<br\/>pending"\]\n/)
    expect(mermaid.stderr).toBe('')
    expect(hivewax(folder, ['tasks', 'graph', '--format', 'dot']).stdout).toMatch(
      /^digraph tasks \{\n[\s\S]*\n\}\n$/,
    )
    const cut = hivewax(folder, ['tasks', 'graph', '--limit', '1'])
    expect(cut.stderr).toBe('1 task, and there are more: --limit, or the id of a task to begin with\n')
    const data = document(
      hivewax(folder, ['tasks', 'graph', '--root-id', 'build', '--format', 'dot', '--json']),
    )
    expect(data).toMatchObject({
      ok: true,
      data: { edges: [{ from: 'build', to: 'test', onFailure: 'fail' }] },
    })
    expect(hivewax(folder, ['tasks', 'graph', 'nobody'])).toMatchObject({ status: 3 })
  })
})
