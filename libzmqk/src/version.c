// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The release.
 */
#include "zmqk.h"

int zmqk_version(void)
{
	return ZMQK_VERSION;
}
