import { type Serving, serve } from "./serve.ts";
import { createTask } from "./task.ts";

/** What every worker runs, a thread or a process. */
const serving: Serving = serve((setup) => createTask(setup));

export default serving;
