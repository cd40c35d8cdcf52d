/** LangGraph's two seams over the store; see docs/guide/frameworks.md. */
export { HivewaxSaver, type SaverOptions } from './langgraph/saver.ts'
export { HivewaxStore, type StoreAdapterOptions } from './langgraph/store.ts'
