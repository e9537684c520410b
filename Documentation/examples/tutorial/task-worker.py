# SPDX-License-Identifier: GPL-2.0-only
import time

from zsock import PULL, PUSH, zsocket

tasks = zsocket(PULL, "tcp://127.0.0.1:5557")
results = zsocket(PUSH, "tcp://127.0.0.1:5558")
while True:
    milliseconds = int(tasks.recv(256))
    time.sleep(milliseconds / 1000)
    results.send(str(milliseconds).encode())
