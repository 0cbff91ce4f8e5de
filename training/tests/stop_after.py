"""Runs train.py, and leaves it after the given number of steps as an end of the process does.

python stop_after.py STEPS <options of train.py>
"""

import sys

import run
import train

stop = int(sys.argv.pop(1))


class StoppedRun(run.Run):
    def steps(self):
        for step in super().steps():
            yield step
            if step == stop:
                self.save()
                sys.exit()


train.Run = StoppedRun
train.main()
