# SPDX-License-Identifier: GPL-2.0-only
from zsock import PUSH, zsocket

tasks = zsocket(PUSH, "@tcp://127.0.0.1:5557")
for milliseconds in range(20):
    tasks.send(str(milliseconds).encode())
