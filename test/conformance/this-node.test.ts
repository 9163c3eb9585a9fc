import process from 'node:process'
import { registerNode } from './runners/register-node.ts'

registerNode(Number.parseInt(process.versions.node, 10), process.execPath)
