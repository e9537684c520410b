# SPDX-License-Identifier: GPL-2.0-only
from zsock import PULL, zsocket

results = zsocket(PULL, "@tcp://127.0.0.1:5558")
done = [int(results.recv(256)) for _ in range(20)]
print(f"{len(done)} tasks, {sum(done)} ms of work")
