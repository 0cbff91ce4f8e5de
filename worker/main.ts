import { serve } from "./serve.ts";
import { createTask } from "./task.ts";

/** What every worker runs, a thread or a process. */
serve((setup) => createTask(setup));
