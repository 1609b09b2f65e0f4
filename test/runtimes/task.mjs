// task.mjs MODULE NAME ARGUMENT: runs one of a module's tasks as all that this process does. See
// child.mjs.
import { say, told } from './tell.mjs';

const [module, name, argument] = process.argv.slice(2);
const { tasks } = await import(module);
await tasks[name](JSON.parse(argument), { say, told });
