// Runs a graph of three steps on a thread. With `hang` the second step never ends; the third asks a human.
import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph'
import { HivewaxSaver, HivewaxStore } from '../../src/adapters/langgraph.ts'
import { openMemory } from '../../src/open.ts'

const [file, thread, mode, text = ''] = process.argv.slice(2)
const memory = await openMemory(file, { background: false })

const State = Annotation.Root({
  steps: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
})

const graph = new StateGraph(State)
  .addNode('plan', async (_state, { store }) => {
    await store?.put(['plans', String(thread)], 'latest', { by: process.pid })
    console.log('planned')
    return { steps: ['plan'] }
  })
  .addNode('work', async () => {
    console.log('working')
    if (mode === 'hang') await new Promise(resolve => setTimeout(resolve, 2 ** 30))
    return { steps: ['work'] }
  })
  .addNode('ask', () => ({ steps: [`human: ${interrupt('go on?')}`] }))
  .addEdge(START, 'plan')
  .addEdge('plan', 'work')
  .addEdge('work', 'ask')
  .addEdge('ask', END)
  .compile({ checkpointer: new HivewaxSaver(memory), store: new HivewaxStore(memory) })

const config = { configurable: { thread_id: String(thread) }, durability: 'sync' as const }
const runs = {
  hang: () => graph.invoke({ steps: [] }, config),
  resume: () => graph.invoke(null, config),
  answer: () => graph.invoke(new Command({ resume: text }), config),
}
const state = await runs[mode as keyof typeof runs]()
console.log(JSON.stringify(state))
await memory.close()
