"""The keys a user can set: their schemas, how a request becomes typed settings, and the help pages.

Only `composing` (and `checking`) import Hydra; the help of the whole program does without.
"""
