"""Jasmin with everything in one process. Its own starter holds a lock of the whole machine, which a killed one leaves."""

import sys

from jasmin.bin.jasmind import JasminDaemon, Options
from twisted.internet import reactor

options = Options()
options.parseOptions(["-c", sys.argv[1], "--enable-dlr-thrower", "--enable-dlr-lookup"])
JasminDaemon(options).start()
reactor.run()
