"""What people write down about chats: notes, tags, reviews, quick replies, saved views. Kept.

Ours alone: nothing of it is ever sent to SuperOffice, and rows point at remote ids, never at mirror
rows. Console, api and reports import it.
"""
