# SPDX-License-Identifier: MIT
"""One suite for every transport: python3 -m twisted.trial txzmqk."""
