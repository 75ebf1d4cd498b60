"""The long chaos of the mirror: `python -m tests.sync.chaos --help`.

SuperOffice changes thousands of times while its hints are lost, doubled and shuffled, its answers
fail, come late and overtake each other, sessions are deleted, and workers are killed. Then it is
quiet for two comparisons, and the mirror has to be equal, to have gone back nowhere, and to say so
only when it is so.
"""
