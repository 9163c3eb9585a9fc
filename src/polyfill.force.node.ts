// For Node, where undici is the transport of the class that is installed.
import './index.node.ts'
import './polyfill.force.ts'
